#!/usr/bin/env bash
# What is to be measured on a GPU, on a machine that has PyTorch with CUDA but neither the SDK nor a network.
#
#   bench/gpu.sh publish OUT.tar.gz    here: programs with their own runtime and without libtorch
#   tar xzf OUT.tar.gz && ./rlvr-gpu/gpu.sh run [OUT_DIR]    there: the same numbers as on the CPU, a run, decoding, steps
#
# TorchSharp 0.107 is made for libtorch 2.10; with 2.11 it was seen to work. PYTHON names another interpreter than python3.
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

# Runs a command and says the most memory that the GPU had in use meanwhile.
with_memory() {
    local used
    used=$(mktemp)
    (while sleep 0.2; do nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits >>"$used"; done) &
    local watch=$!
    "$@"
    kill "$watch"
    echo "most GPU memory in use: $(sort -n "$used" | tail -1) MiB"
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
        echo "== flash attention and the decoding step, beside the same by definition"
        ./Rlvr.Bench gpu-check
        echo "== a micro run"
        ./Rlvr.Cli train recipes/micro/one-shot.yaml --run "$out/demo" --set compute.device=cuda
        echo "== Qwen2.5-1.5B's shape: decoding"
        for batch in 128 1024; do ./Rlvr.Bench decode --shape 1.5b --device cuda --precision bf16 --batch "$batch" --tokens 256; done
        echo "== its update, part by part, and steps"
        ./Rlvr.Bench large-parts --shape 1.5b --device cuda --precision bf16 --rows 16 --tokens 1000
        ./Rlvr.Bench grpo --shape 1.5b --device cuda --precision bf16 --groups 16 --size 8 --prompt 100 --tokens 128 --steps 3 --micro-batch 16000
        with_memory ./Rlvr.Bench grpo --shape 1.5b --device cuda --precision bf16 --groups 128 --size 8 --prompt 100 --tokens 1000 --steps 1 --micro-batch 16000
    } 2>&1 | tee "$out/gpu.log"
}

case "${1:-}" in
    publish) publish "${2:?an archive to write, such as rlvr-gpu.tar.gz}" ;;
    run) run "${2:-}" ;;
    *) sed -n '2,8p' "$0"; exit 2 ;;
esac
