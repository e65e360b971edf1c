using System.Collections.Frozen;

namespace Rlvr.Math.Reading;

/// <summary>What a LaTeX command means to the lexer.</summary>
internal enum CommandAction : byte
{
    /// <summary>Emits a token.</summary>
    Emit,
    /// <summary>Layout only: dropped.</summary>
    Skip,
    /// <summary>White space: dropped, remembered as a space.</summary>
    Space,
    /// <summary>Dropped together with its braced argument, like <c>\hspace{1cm}</c>.</summary>
    SkipArgument,
    /// <summary>The braces of its argument are dropped and letters inside are words, like <c>\text{}</c>.</summary>
    Text,
    /// <summary><c>\left</c> and <c>\right</c>: dropped, with an invisible delimiter after it.</summary>
    Delimiter,
    /// <summary><c>\begin</c> and <c>\end</c>.</summary>
    Environment,
    /// <summary><c>\textcircled{1}</c>.</summary>
    Circled,
    /// <summary><c>\mathbb{R}</c>.</summary>
    Blackboard,
}

/// <summary>The table of LaTeX commands.</summary>
internal static class LatexCommands
{
    public readonly record struct Command(CommandAction Action, TokenKind Kind, string Text);

    /// <summary>Names that are functions both with a backslash and in plain text.</summary>
    public static readonly FrozenSet<string> Functions = new[]
    {
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "arccot", "asin", "acos", "atan", "sinh", "cosh", "tanh",
        "ln", "log", "lg", "exp", "max", "min", "gcd", "lcm", "abs", "floor", "ceil", "sqrt", "cbrt", "cis",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Command> Table = Build();
    private static readonly FrozenDictionary<string, Command>.AlternateLookup<ReadOnlySpan<char>> Lookup =
        Table.GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool TryGet(ReadOnlySpan<char> name, out Command command) => Lookup.TryGetValue(name, out command);

    /// <summary>The length of the command at the beginning of a name that lost the space behind it (<c>\quadx</c>, <c>\cdotx</c>); 0 where there is none.</summary>
    public static int GluedPrefix(ReadOnlySpan<char> name)
    {
        foreach (string command in (ReadOnlySpan<string>)["qquad", "quad", "cdot", "times", "pi"])
            if (name.Length - command.Length is 1 or 2 && name.StartsWith(command)) return command.Length;
        return 0;
    }

    private static FrozenDictionary<string, Command> Build()
    {
        Dictionary<string, Command> table = new(StringComparer.Ordinal);
        void Emit(TokenKind kind, params string[] names)
        {
            foreach (string name in names) table[name] = new(CommandAction.Emit, kind, "");
        }
        void Act(CommandAction action, params string[] names)
        {
            foreach (string name in names) table[name] = new(action, TokenKind.Unknown, "");
        }

        Emit(TokenKind.Fraction, "frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac");
        Emit(TokenKind.Binomial, "binom", "dbinom", "tbinom");
        Emit(TokenKind.Over, "over");
        Emit(TokenKind.Choose, "choose");
        Emit(TokenKind.Sqrt, "sqrt");
        foreach (string mark in new[] { "overline", "bar", "dot", "ddot", "overdot" })
            table[mark] = new(CommandAction.Emit, TokenKind.Overline, mark == "overline" ? "bar" : mark);
        Emit(TokenKind.Sum, "sum");
        Emit(TokenKind.Product, "prod");
        Emit(TokenKind.Angle, "angle", "measuredangle", "triangle");
        foreach (string symbol in new[]
        {
            "parallel", "perp", "subset", "subseteq", "supset", "supseteq", "notin", "forall", "exists", "neg", "lnot", "propto", "oplus", "otimes", "star",
            "square", "odot", "top",
        }) table[symbol] = new(CommandAction.Emit, TokenKind.Symbol, symbol);
        Emit(TokenKind.Pi, "pi");
        Emit(TokenKind.Infinity, "infty");
        Emit(TokenKind.EmptySet, "emptyset", "varnothing", "oslash");
        Emit(TokenKind.Ellipsis, "ldots", "dots", "cdots", "dotsc", "dotsb", "vdots", "ddots");
        Emit(TokenKind.PlusMinus, "pm");
        Emit(TokenKind.MinusPlus, "mp");
        Emit(TokenKind.Times, "cdot", "times", "ast", "bullet");
        Emit(TokenKind.Slash, "div", "slash");
        Emit(TokenKind.Percent, "%");
        Emit(TokenKind.Degree, "circ", "degree", "degrees");
        Emit(TokenKind.Prime, "prime");
        Emit(TokenKind.Currency, "$", "pounds", "euro", "textdollar", "mathdollar", "yen");
        Emit(TokenKind.Colon, "colon");
        Emit(TokenKind.And, "land", "wedge", "&");
        Emit(TokenKind.Or, "lor", "vee");
        Emit(TokenKind.NotEqual, "ne", "neq");
        Emit(TokenKind.Less, "lt");
        Emit(TokenKind.LessEqual, "le", "leq", "leqslant", "leqq");
        Emit(TokenKind.Greater, "gt");
        Emit(TokenKind.GreaterEqual, "ge", "geq", "geqslant", "geqq");
        Emit(TokenKind.Approximately, "approx", "sim", "simeq", "cong", "thickapprox");
        Emit(TokenKind.Equal, "equiv");
        Emit(TokenKind.In, "in");
        Emit(TokenKind.Union, "cup", "bigcup");
        Emit(TokenKind.Intersection, "cap", "bigcap");
        Emit(TokenKind.SetMinus, "setminus", "backslash", "smallsetminus");
        Emit(TokenKind.Bar, "vert", "lvert", "rvert");
        Emit(TokenKind.Mid, "mid");
        Emit(TokenKind.Norm, "|", "Vert", "lVert", "rVert");
        Emit(TokenKind.LeftSet, "{", "lbrace");
        Emit(TokenKind.RightSet, "}", "rbrace");
        Emit(TokenKind.LeftParen, "lparen");
        Emit(TokenKind.RightParen, "rparen");
        Emit(TokenKind.LeftBracket, "lbrack");
        Emit(TokenKind.RightBracket, "rbrack");
        Emit(TokenKind.LeftAngle, "langle");
        Emit(TokenKind.RightAngle, "rangle");
        Emit(TokenKind.LeftFloor, "lfloor");
        Emit(TokenKind.RightFloor, "rfloor");
        Emit(TokenKind.LeftCeiling, "lceil");
        Emit(TokenKind.RightCeiling, "rceil");
        Emit(TokenKind.Arrow, "to", "rightarrow", "longrightarrow", "implies", "Rightarrow", "iff", "Leftrightarrow", "mapsto");

        Act(CommandAction.Skip, "(", ")", "[", "]", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl",
            "Biggr", "displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "boxed", "fbox", "framebox", "mathbf", "boldsymbol",
            "bm", "mathit", "mathsf", "mathtt", "mathcal", "mathscr", "mathfrak", "underline", "bf", "rm", "it", "sf", "tt", "cal", "vec", "hat",
            "widehat", "tilde", "overrightarrow", "mathop", "nonumber", "notag", "normalsize", "large", "Large", "small", "ensuremath",
            "hline", "centering", "underbrace", "overbrace", "pmb", "mathord", "mathrel", "mathbin", "therefore", "because", "/", "checkmark", "blacksquare", "qedsymbol");
        Act(CommandAction.Space, ",", ":", ";", "!", " ", "\t", "\n", "\r", "quad", "qquad", "thinspace", "medspace", "thickspace", "enspace",
            "negthinspace", "hfill", "hfil", "newline", ">", "space", "nobreakspace");
        Act(CommandAction.SkipArgument, "hspace", "vspace", "hskip", "color", "textcolor", "label", "tag", "phantom", "hphantom", "vphantom", "mspace",
            "fontsize", "colorbox");
        Act(CommandAction.Text, "text", "mbox", "hbox", "textrm", "textbf", "textit", "textsf", "texttt", "textnormal", "textup", "textmd",
            "textsc", "emph", "mathrm", "operatorname", "mathnormal", "unit", "si", "intertext");
        Act(CommandAction.Delimiter, "left", "right", "middle");
        Act(CommandAction.Circled, "textcircled");
        Act(CommandAction.Environment, "begin", "end");
        Act(CommandAction.Blackboard, "mathbb", "Bbb");

        foreach (string letter in new[]
        {
            "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda", "mu", "nu",
            "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma",
            "Upsilon", "Phi", "Psi", "Omega", "ell", "hbar", "partial", "nabla", "aleph",
        }) table[letter] = new(CommandAction.Emit, TokenKind.Letter, "\\" + letter);
        foreach (string function in Functions.Where(name => name is not "sqrt"))
            table[function] = new(CommandAction.Emit, TokenKind.Function, function);
        table["cosec"] = new(CommandAction.Emit, TokenKind.Function, "csc");
        table["det"] = new(CommandAction.Emit, TokenKind.Function, "det");
        foreach (string set in new[] { "R", "Z", "N", "Q", "C" })
        {
            table["bb" + set] = new(CommandAction.Emit, TokenKind.NumberSet, set);
            if (set is not "C") table[set] = new(CommandAction.Emit, TokenKind.NumberSet, set);
        }
        foreach (string modulo in new[] { "pmod", "bmod", "mod" }) table[modulo] = new(CommandAction.Emit, TokenKind.Word, "mod");
        table["reals"] = new(CommandAction.Emit, TokenKind.NumberSet, "R");
        table["Re"] = new(CommandAction.Emit, TokenKind.Function, "re");
        table["Im"] = new(CommandAction.Emit, TokenKind.Function, "im");
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
