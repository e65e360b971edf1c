using Rlvr.Experiments;
using Spectre.Console;

namespace Rlvr.Cli.Output;

/// <summary>Where a command writes: data to standard output, progress and errors to standard error.</summary>
internal sealed class Terminal
{
    /// <summary>Width of tables where there is no terminal to ask.</summary>
    private const int PlainWidth = 110;

    private Terminal(TextWriter output, TextWriter error, bool outIsTerminal, bool errorIsTerminal, CancellationToken cancellation)
    {
        Out = output;
        Error = error;
        OutIsTerminal = outIsTerminal;
        ErrorIsTerminal = errorIsTerminal;
        Cancellation = cancellation;
        Tables = Console(output, outIsTerminal);
        ErrorTables = Console(error, errorIsTerminal);
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public bool OutIsTerminal { get; }

    public bool ErrorIsTerminal { get; }

    /// <summary>Tables and colours on standard output.</summary>
    public IAnsiConsole Tables { get; }

    /// <summary>The same on standard error.</summary>
    public IAnsiConsole ErrorTables { get; }

    /// <summary>Set when the user wants the command to stop.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenInput { get; set; } = System.Console.OpenStandardInput;

    /// <summary>The experiments that <c>rlvr reproduce</c> knows; the paper's where null.</summary>
    public IReadOnlyList<Experiment>? Experiments { get; set; }

    /// <summary>A folder for the log of an unexpected error; the temporary folder when a command has none of its own.</summary>
    public string? LogFolder { get; set; }

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess(CancellationToken cancellation) =>
        new(System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected, !System.Console.IsErrorRedirected, cancellation);

    /// <summary>Plain text to two writers.</summary>
    public static Terminal Plain(TextWriter output, TextWriter error, CancellationToken cancellation = default) => new(output, error, false, false, cancellation);

    private static IAnsiConsole Console(TextWriter writer, bool isTerminal)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!isTerminal) console.Profile.Width = PlainWidth;
        return console;
    }
}
