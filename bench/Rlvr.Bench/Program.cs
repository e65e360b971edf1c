using Rlvr.Bench;

// dotnet run -c Release --project bench/Rlvr.Bench -- step [--threads 1] [--repeats 3] [--plain 0] [--precision bf16]
// dotnet run -c Release --project bench/Rlvr.Bench -- parts [--threads 1] [--repeats 3] [--precision bf16]
// dotnet run -c Release --project bench/Rlvr.Bench -- rollouts [--repeats 3] [--precision bf16]
// dotnet run -c Release --project bench/Rlvr.Bench -- large-parts [--shape 0.5b] [--device cpu] [--precision fp32] [--rows 16] [--prompt 100] [--tokens 1000]
// dotnet run -c Release --project bench/Rlvr.Bench -- precision [--tokens 4096] [--width 192]
// dotnet run -c Release --project bench/Rlvr.Bench -- skinny [--threads 1]
// dotnet run -c Release --project bench/Rlvr.Bench -- sampler [--threads 1]
// dotnet run -c Release --project bench/Rlvr.Bench -- decode [--shape 0.5b] [--device cpu] [--model DIR] [--precision fp32] [--batch N] [--tokens 32]
// dotnet run -c Release --project bench/Rlvr.Bench -- passes [--model models/micro-math] [--shape 0.5b] [--precision bf16] [--repeats 20]
// dotnet run -c Release --project bench/Rlvr.Bench -- speculate [--model models/micro-math] [--suite pi-1] [--problems 1] [--rollouts N] [--rows N] [--temperature 60] [--tokens 112] [--repeats 5] [--warmup 4] [--max-rows N] [--max-draft N]
// dotnet run -c Release --project bench/Rlvr.Bench -- speculate --shape 0.5b [--accept 60] [--precision fp32] [--tokens 32] ...
// dotnet run -c Release --project bench/Rlvr.Bench -- grpo [--shape 0.5b] [--device cpu] [--precision fp32] [--groups 4] [--size 8] [--prompt 64] [--tokens 128] [--steps 1] [--kl 1] [--reference memory] [--state fp32] [--recompute 0] [--micro-batch TOKENS]
// dotnet run -c Release --project bench/Rlvr.Bench -- reference [--shape 0.5b] [--precision fp32] [--tokens 512] [--repeats 2]
// dotnet run -c Release --project bench/Rlvr.Bench -- sweep [--threads 1] [--repeats 2] [--out docs/performance]
// dotnet run -c Release --project bench/Rlvr.Bench -- optimizer [--threads 1] [--elements 16777216] [--repeats 3]
// dotnet run -c Release --project bench/Rlvr.Bench -- gpu-check
// dotnet run -c Release --project bench/Rlvr.Bench -- memory [--steps 200]
// dotnet run -c Release --project bench/Rlvr.Bench -- peak [--tokens 24000] [--length 200] [--vocabulary 151936] [--hidden 64] [--layers 2] [--precision fp32] [--state fp32] [--recompute 0]
// dotnet run -c Release --project bench/Rlvr.Bench -- verifier [--repeats 8]
// dotnet run -c Release --project bench/Rlvr.Bench -- hostile [--show 20]
int Option(string name, int fallback) => Array.IndexOf(args, name) is >= 0 and int i && i + 1 < args.Length ? int.Parse(args[i + 1]) : fallback;
string Text(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and int i && i + 1 < args.Length ? args[i + 1] : fallback;
switch (args.FirstOrDefault())
{
    case "step":
        StepBench.Run(Option("--threads", 1), Option("--repeats", 3), plainly: Option("--plain", 1) != 0, reuses: Option("--reuse", 1) != 0, Text("--precision", "fp32"));
        return 0;
    case "rollouts":
        PartsBench.Rollouts(Option("--repeats", 3), Text("--precision", "fp32"));
        return 0;
    case "parts":
        PartsBench.Run(Option("--threads", 1), Option("--repeats", 3), Text("--precision", "fp32"));
        return 0;
    case "large-parts":
        LargePartsBench.Run(Text("--shape", "0.5b"), Text("--device", "cpu"), Text("--precision", "fp32"), Option("--rows", 16), Option("--prompt", 100), Option("--tokens", 1000));
        return 0;
    case "precision":
        PrecisionBench.Run(Option("--threads", 1), Option("--tokens", 4096), Option("--width", 192));
        return 0;
    case "skinny":
        SkinnyBench.Run(Option("--threads", 1));
        return 0;
    case "sampler":
        SamplerBench.Run(Option("--threads", 1));
        return 0;
    case "sweep":
        SweepBench.Run(Option("--threads", 1), Option("--repeats", 2), Text("--out", ""));
        return 0;
    case "decode":
        DecodeBench.Run(Option("--threads", 1), Text("--shape", "0.5b"), Text("--device", "cpu"), Text("--model", $"runs/bench/{Text("--shape", "0.5b")}"), Text("--precision", "fp32"), Option("--batch", 0) is > 0 and int one ? [one] : [1, 8, 64], Option("--tokens", 32));
        return 0;
    case "passes":
        PassBench.Run(Option("--threads", 1), Text("--model", Text("--shape", "").Length > 0 ? "" : "models/micro-math"), Text("--shape", ""), Text("--precision", "fp32"), Option("--repeats", 20));
        return 0;
    case "speculate":
        SpeculateBench.Settings settings = new(Option("--threads", 1), Option("--rows", 0) is > 0 and int only ? [only] : Text("--shape", "").Length > 0 ? [1, 8] : [1, 8, 64], Option("--repeats", 5),
            Option("--temperature", 60) / 100.0, Option("--tokens", Text("--shape", "").Length > 0 ? 32 : 112), Option("--warmup", 4), Option("--max-rows", -1), Option("--max-draft", -1));
        if (Text("--shape", "").Length > 0) SpeculateBench.RunShape(Text("--shape", ""), Text("--precision", "fp32"), Option("--accept", 60) / 100.0, settings);
        else SpeculateBench.RunModel(Text("--model", "models/micro-math"), Text("--suite", "pi-1"), Option("--problems", 1), Option("--rollouts", 0), settings);
        return 0;
    case "grpo":
        LargeStepBench.Run(Option("--threads", 1), Text("--shape", "0.5b"), Text("--device", "cpu"), Text("--precision", "fp32"), Option("--groups", 4), Option("--size", 8), Option("--prompt", 64), Option("--tokens", 128), Option("--steps", 1), Option("--kl", 1) != 0, Text("--reference", "memory") == "mapped", Text("--state", "fp32"), Option("--recompute", 0) != 0, Option("--reuse", 0) != 0, Option("--micro-batch", 0));
        return 0;
    case "reference":
        ReferenceBench.Run(Option("--threads", 1), Text("--shape", "0.5b"), Text("--precision", "fp32"), Option("--tokens", 512), Option("--repeats", 2));
        return 0;
    case "optimizer":
        OptimizerBench.Run(Option("--threads", 1), Option("--elements", 1 << 24), Option("--repeats", 3));
        return 0;
    case "gpu-check":
        return GpuCheck.Run() ? 0 : 1;
    case "memory":
        MemoryBench.Run(Option("--threads", 1), Option("--steps", 200));
        return 0;
    case "peak":
        PeakBench.Run(Option("--threads", 1), new PeakShape(Option("--tokens", 24_000), Option("--length", 200), Option("--vocabulary", 151_936),
            Option("--hidden", 64), Option("--layers", 2), Text("--precision", "fp32"), Text("--state", "fp32"), Option("--recompute", 0) != 0));
        return 0;
    case "verifier":
        VerifierBench.Run(Option("--repeats", 8));
        return 0;
    case "hostile":
        HostileBench.Run(Option("--show", 20));
        return 0;
    default:
        Console.Error.WriteLine("usage: step [--threads N] [--repeats N] [--reuse 0] [--precision bf16] | parts [--precision bf16] | rollouts | large-parts [--shape 0.5b] | precision [--tokens N] [--width N] | skinny | sampler | sweep [--out DIR] | decode [--shape 0.5b] [--precision bf16] [--batch N] | passes [--shape 0.5b] | speculate [--model DIR] [--rows N] [--shape 0.5b] [--accept PERCENT] | grpo [--shape 0.5b] [--groups N] [--size N] [--tokens N] [--reference mapped] [--reuse 1] | reference [--tokens N] | optimizer [--elements N] | memory [--threads N] [--steps N] | peak [--tokens N] [--hidden N] [--recompute 1] | verifier [--repeats N] | hostile [--show N]");
        return 2;
}
