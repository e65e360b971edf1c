using Rlvr.Experiments;
using Rlvr.Training;

namespace Rlvr.Bench;

/// <summary>Two figures of each axis: rollout throughput, and the seconds of a step; measurements as points, the cost model as lines.</summary>
internal static class SweepFigures
{
    public static void Write(string folder, IReadOnlyDictionary<SweepShape, SweepPoint> measured, Func<SweepShape, CostModel> cost)
    {
        Directory.CreateDirectory(folder);
        foreach (SweepAxis axis in SweepShapes.Axes)
        {
            string about = axis.Name switch
            {
                "batch" => "batch size",
                "prompt" => "prompt length",
                "response" => "response length",
                _ => "model size",
            };
            Draw($"throughput-{axis.Name}", $"Rollout throughput and {about}, one thread", "response tokens a second",
            [
                Measured("rollouts", axis, p => p.TokensPerSecond),
                Model("cost model", axis, shape => shape.Rows * shape.Response / SweepBench.Rollouts(cost(shape), shape)),
            ]);
            Draw($"step-{axis.Name}", $"Time of a step and {about}, one thread", "seconds",
            [
                Measured("step", axis, p => p.Step),
                Model("step, cost model", axis, shape => SweepBench.Rollouts(cost(shape), shape) + cost(shape).Update(shape.Work)),
                Measured("rollouts", axis, p => p.Rollouts),
                Model("rollouts, cost model", axis, shape => SweepBench.Rollouts(cost(shape), shape)),
                Measured("update", axis, p => p.Update),
                Model("update, cost model", axis, shape => cost(shape).Update(shape.Work)),
            ]);

            void Draw(string name, string title, string y, FigureSeries[] series)
            {
                string path = Path.Combine(folder, name + ".svg");
                File.WriteAllText(path, FigureSvg.Draw(new ResultFigure(name, title, axis.Label, y, series) { Logarithmic = true }));
                Console.WriteLine($"wrote {path}");
            }
        }

        FigureSeries Measured(string name, SweepAxis axis, Func<SweepPoint, double> value) => Series(name, axis, shape => value(measured[shape])) with { Style = SeriesStyle.Points };

        FigureSeries Model(string name, SweepAxis axis, Func<SweepShape, double> value) => Series(name, axis, value) with { Style = SeriesStyle.LineOfPrevious };

        static FigureSeries Series(string name, SweepAxis axis, Func<SweepShape, double> value) =>
            new(name, [.. axis.Shapes.Select(shape => (axis.Value(shape), value(shape), double.NaN, double.NaN))]);
    }
}
