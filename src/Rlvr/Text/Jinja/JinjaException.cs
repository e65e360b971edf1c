namespace Rlvr.Text.Jinja;

/// <summary>An error of a template, without its place; whoever knows the line adds it.</summary>
internal sealed class JinjaException(string message) : Exception(message);
