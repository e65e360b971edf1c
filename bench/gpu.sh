#!/usr/bin/env bash
# What is to be measured on a GPU, on a machine that has PyTorch with CUDA but neither the SDK nor a network.
#
#   bench/gpu.sh publish OUT.tar.gz    here: programs with their own runtime and without libtorch
#   tar xzf OUT.tar.gz && ./rlvr-gpu/gpu.sh run [OUT_DIR]    there: the same numbers as on the CPU, a run, decoding, steps
#
# PyTorch's libtorch must be 2.10, which TorchSharp 0.107 is made for; PYTHON names another interpreter than python3.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

publish() {
    local archive=$1
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    for project in src/Rlvr.Cli bench/Rlvr.Bench; do
        dotnet publish "$here/../$project" -c Release -r linux-x64 --self-contained -p:WithLibtorch=false -p:PublishSingleFile=false -o "$folder/rlvr-gpu" --nologo -v q
    done
    cp "$here/gpu.sh" "$folder/rlvr-gpu/"
    tar czf "$archive" -C "$folder" rlvr-gpu
    ls -l "$archive"
}

run() {
    local out=${1:-$here/results}
    mkdir -p "$out"
    RLVR_LIBTORCH=$("${PYTHON:-python3}" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
    export RLVR_LIBTORCH
    cd "$here"
    {
        nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
        "${PYTHON:-python3}" -c 'import torch; print("PyTorch", torch.__version__, "CUDA", torch.version.cuda)'
        ./Rlvr.Cli doctor || true
        echo "== the same model, the same problems: log-probabilities on the CPU and on the GPU"
        for device in cpu cuda; do
            ./Rlvr.Cli generate models/micro-math -p "Compute 3*4+5." --template micro --temperature 0 --json --device "$device" >"$out/$device.json"
            ./Rlvr.Cli eval models/micro-math --suite micro500 --prompt micro --profile training --max-new-tokens 112 --device "$device" --json >"$out/eval-$device.json"
        done
        "${PYTHON:-python3}" - "$out" <<'PYTHON'
import json, sys
read = lambda name: open(f"{sys.argv[1]}/{name}").read()
print("greedy response:", "the same" if json.loads(read("cpu.json")) == json.loads(read("cuda.json")) else f"\n{read('cpu.json')}\n{read('cuda.json')}")
print("evaluation on the CPU:", read("eval-cpu.json")[:300])
print("evaluation on the GPU:", read("eval-cuda.json")[:300])
PYTHON
        echo "== demo"
        ./Rlvr.Cli train recipes/micro/one-shot.yaml --run "$out/demo" --set compute.device=cuda
        for precision in fp32 bf16; do
            echo "== micro step, $precision"
            ./Rlvr.Bench grpo --shape tiny --device cuda --precision "$precision" --groups 16 --size 8 --tokens 64 --steps 4
        done
        echo "== Qwen2.5-1.5B's shape: decoding"
        ./Rlvr.Bench decode --shape 1.5b --device cuda --precision bf16 --model "$out/1.5b" >/dev/null
        for batch in 128 1024; do ./Rlvr.Bench decode --shape 1.5b --device cuda --precision bf16 --model "$out/1.5b" --batch "$batch" --tokens 256; done
        rm -rf "$out/1.5b"
        echo "== Qwen2.5-1.5B's shape: 1,024 x 1,000 tokens"
        ./Rlvr.Bench grpo --shape 1.5b --device cuda --precision bf16 --groups 128 --size 8 --prompt 100 --tokens 1000 --steps 2
        nvidia-smi --query-gpu=memory.used --format=csv,noheader
    } 2>&1 | tee "$out/gpu.log"
}

case "${1:-}" in
    publish) publish "${2:?an archive to write, such as rlvr-gpu.tar.gz}" ;;
    run) run "${2:-}" ;;
    *) sed -n '2,8p' "$0"; exit 2 ;;
esac
