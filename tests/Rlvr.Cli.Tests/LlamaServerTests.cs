using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary>
/// A real server: llama.cpp's llama-server with models/micro-math as GGUF. RLVR_LLAMA_SERVER names the program and RLVR_LLAMA_MODEL the file, as the
/// program sees it; docs/endpoints.md says how to make it.
/// </summary>
public sealed class LlamaServerTests : IDisposable
{
    private const int Problems = 100;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_real_server_gives_the_accuracy_of_the_same_model_in_this_process()
    {
        string program = TestFiles.Optional("RLVR_LLAMA_SERVER", "llama.cpp's llama-server");
        string model = TestFiles.Optional("RLVR_LLAMA_MODEL", "models/micro-math as a GGUF file");
        int port = FreePort();
        // Keys and values in float32, as here; with its usual 16 bits some greedy choices differ.
        using Process server = Process.Start(new ProcessStartInfo(program, ["-m", model, "--alias", "micro-math", "--host", "127.0.0.1", "--port", $"{port}", "-t", "1",
            "--parallel", "4", "-c", "4096", "-fa", "off", "--cache-type-k", "f32", "--cache-type-v", "f32"])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            server.OutputDataReceived += (_, _) => { };
            server.ErrorDataReceived += (_, _) => { };
            server.BeginOutputReadLine();
            server.BeginErrorReadLine();
            await WaitFor(port, server);
            string[] how = ["--suite", "micro500", "--limit", $"{Problems}", "--json"];
            double here = Accuracy(CommandRun.Of(["eval", FileLocator.Find("models/micro-math"), "--prompt", "micro", "--threads", "1", .. how]));
            string[] there = ["eval", "--endpoint", $"http://127.0.0.1:{port}", "--model", "micro-math", "--concurrency", "4", .. how];
            Assert.InRange(Accuracy(CommandRun.Of([.. there, "--endpoint-api", "completions", "--prompt", "micro"])), here - 0.02, here + 0.02);
            Assert.InRange(Accuracy(CommandRun.Of([.. there, "--endpoint-api", "chat", "--prompt", "plain"])), here - 0.02, here + 0.02);
            Assert.InRange(here, 0.1, 0.9);
            CommandRun.Of("eval", "--endpoint", $"http://127.0.0.1:{port}", "--model", "micro-maths", "-s", "pi-1").FailedWith(1, "serves no model 'micro-maths'. Did you mean 'micro-math'?");
            string longProblem = folder.Write("long.jsonl", $$"""{"id": "long", "problem": "{{new string('x', 3000)}}", "answer": "1"}""" + "\n");
            CommandRun.Of("eval", "--endpoint", $"http://127.0.0.1:{port}", "-s", longProblem).FailedWith(1, "problem 'long': prompt and response do not fit the model's context");
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(CancellationToken.None);
        }
        CommandRun.Of("eval", "--endpoint", $"http://127.0.0.1:{port}", "-s", "pi-1").FailedWith(1, "nothing answers");
    }

    private static double Accuracy(CommandRun run)
    {
        JsonElement suite = run.Succeeded().Json.GetProperty("suites")[0];
        Assert.Equal(Problems, suite.GetProperty("problems").GetInt32());
        return suite.GetProperty("accuracy").GetDouble();
    }

    private static async Task WaitFor(int port, Process server)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
        for (int i = 0; i < 300; i++)
        {
            Assert.False(server.HasExited, $"the server ended with {(server.HasExited ? server.ExitCode : 0)}");
            try
            {
                if ((await http.GetAsync($"http://127.0.0.1:{port}/health")).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
            await Task.Delay(100);
        }
        Assert.Fail("the server did not start within 30 s");
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
