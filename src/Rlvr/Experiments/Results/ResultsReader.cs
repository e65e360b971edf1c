using System.Globalization;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Rewards;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>Reads the results of a plan's finished jobs from their folders.</summary>
public static class ResultsReader
{
    /// <summary>Reads them.</summary>
    /// <param name="plan">The plan. Each job is looked at anew: what was finished since it was made counts.</param>
    /// <exception cref="RlvrException">A file cannot be read.</exception>
    public static ExperimentResults Read(ReproductionPlan plan)
    {
        List<TrainedRun> trainings = [];
        List<EvaluatedRun> evaluations = [];
        foreach (ReproductionJob job in plan.Jobs)
        {
            if (job is TrainingJob training && Read(training) is { } run) trainings.Add(run);
            if (job is EvaluationJob evaluation && Read(evaluation) is { } evaluated) evaluations.Add(evaluated);
        }
        return new ExperimentResults(plan.Folder.Scale, trainings, evaluations);
    }

    private static TrainedRun? Read(TrainingJob job)
    {
        if (!RunDirectory.Exists(job.Folder)) return null;
        using RunDirectory run = RunDirectory.Open(job.Folder);
        if (!JobInspection.IsFinished(run, job.Settings)) return null;
        double seconds = JobRecord.Read(job.Folder)?.Seconds ?? double.NaN;
        return new TrainedRun(job.Recipe, job.Seed, run.ReadMetrics(), run.ReadEvaluations(), seconds);
    }

    private static EvaluatedRun? Read(EvaluationJob job)
    {
        if (JobRecord.Read(job.Folder)?.Finished is null) return null;
        List<EvaluationRecord> records = [];
        List<ResponseRecord> responses = [];
        foreach (StoredSuite suite in StoredEvaluation.Read(job.Folder).Suites)
        {
            responses.AddRange(suite.Problems.SelectMany(p => p.Responses));
            records.Add(Record(suite, job.Evaluation.Base ? 0 : job.Settings.Steps));
        }
        return new EvaluatedRun(job.Evaluation.Name, job.Seed, records, responses);
    }

    /// <summary>The numbers of a suite, from its responses: the same as when it was evaluated.</summary>
    private static EvaluationRecord Record(StoredSuite suite, int step)
    {
        string judge = suite.Settings.GetValueOrDefault("judge", "evaluation");
        EvaluationSettings settings = new()
        {
            Prompt = PromptTemplate.Get("plain"), // plays no part any more
            Samples = suite.Samples,
            Temperature = double.TryParse(suite.Settings.GetValueOrDefault("temperature"), CultureInfo.InvariantCulture, out double temperature) ? temperature : 0,
            Profile = judge == nameof(ChoiceReward) ? Math.VerifierProfile.Evaluation : RewardCatalog.ParseProfile(judge),
            Judge = judge == nameof(ChoiceReward) ? new ChoiceReward(AnswerPlace.Usual) : null,
        };
        Problem[] problems = [.. suite.Problems.Select(p => new Problem(p.Id, p.Responses[0].Problem, p.Responses[0].Answer, p.Responses[0].Subject, p.Responses[0].Level))];
        EvaluatedResponse[] responses = [.. suite.Problems.SelectMany((p, i) => p.Responses.Select(r => r.ToResponse(i)))];
        return new EvaluationResult(suite.Name, settings, problems, responses, double.NaN).ToRecord(step);
    }
}
