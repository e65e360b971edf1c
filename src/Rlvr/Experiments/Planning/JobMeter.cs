using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>How far a running job is, as its files say.</summary>
public static class JobMeter
{
    /// <summary>The share that is done, 0 to 1; 0 where nothing can be seen yet.</summary>
    /// <param name="job">The job.</param>
    /// <param name="responsesOfSuites">Problems of a suite by its name, for evaluations; 0 where not known.</param>
    public static double Fraction(ReproductionJob job, Func<string, int> responsesOfSuites)
    {
        try
        {
            return double.Clamp(job switch
            {
                TrainingJob training => Of(training),
                EvaluationJob evaluation => Of(evaluation, responsesOfSuites),
                _ => 0,
            }, 0, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RlvrException)
        {
            return 0; // it is being written at this moment; the next look will tell
        }
    }

    private static double Of(TrainingJob job)
    {
        if (!RunDirectory.Exists(job.Folder)) return 0;
        using RunDirectory run = RunDirectory.Open(job.Folder);
        EvaluationOptions options = job.Settings.Evaluation;
        int suites = Benchmarks.Expand(options.Suites).Count, full = suites * (options.SampledTemperature > 0 ? 2 : 1);
        int between = options.Every > 0 ? (job.Settings.Steps - 1) / options.Every * (options.SampledDuring ? full : suites) : 0;
        int evaluations = (options.Before ? 2 : 1) * full + between;
        // An evaluation of a suite takes about as long as some steps; which share of the whole they are does not matter much for a bar.
        double weight = evaluations == 0 ? 0 : 0.3 * job.Settings.Steps / evaluations;
        double done = JsonLines.Read(run.MetricsPath).Count() + (weight * JsonLines.Read(run.EvaluationsPath).Count());
        return done / (job.Settings.Steps + (weight * evaluations));
    }

    private static double Of(EvaluationJob job, Func<string, int> problems)
    {
        if (!EvaluationFolder.Exists(job.Folder)) return 0;
        EvaluationFolder folder = EvaluationFolder.Open(job.Folder);
        long total = 0, done = 0;
        foreach (string suite in Benchmarks.Expand(job.Evaluation.Suites))
        {
            int all = problems(suite);
            total += (long)(job.Evaluation.Limit > 0 ? int.Min(job.Evaluation.Limit, all) : all) * job.Evaluation.Samples;
            string name = ProblemSets.ShortName(suite);
            if (folder.Suites.Contains(name) && File.Exists(folder.FileOf(name))) done += JsonLines.Read(folder.FileOf(name)).Count();
        }
        return total == 0 ? 0 : (double)done / total;
    }
}
