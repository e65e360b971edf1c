using Rlvr.Evaluation;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>What is done to the files of a job before and after it runs.</summary>
public static class JobFiles
{
    /// <summary>Removes what stands in the way of a job that starts from nothing, and notes what it begins with.</summary>
    /// <param name="job">The job.</param>
    /// <param name="resumes">Whether it goes on with what is there.</param>
    /// <exception cref="RlvrException">Its folder cannot be written.</exception>
    public static void Prepare(ReproductionJob job, bool resumes)
    {
        if (job is PretrainingJob) return; // rlvr pretrain --overwrite replaces the old model when the new one is whole
        if (!resumes && Directory.Exists(job.Folder)) Delete(job.Folder);
        if (job is not TrainingJob training || (resumes && JobRecord.Read(job.Folder) is not null)) return;
        new JobRecord { Definition = job.Definition, Model = new LocalModel().Fingerprint(training.Settings.Model) }.Write(job.Folder);
    }

    /// <summary>Notes how long a job took.</summary>
    /// <param name="job">The job.</param>
    /// <param name="seconds">Of this attempt.</param>
    /// <param name="beside">Jobs that ran at the same time, itself included.</param>
    /// <param name="finished">Whether it is done.</param>
    public static void Record(ReproductionJob job, double seconds, int beside, bool finished)
    {
        // A folder with nothing but a record is no evaluation, and would be refused as one.
        bool exists = job switch { EvaluationJob => EvaluationFolder.Exists(job.Folder), TrainingJob => Directory.Exists(job.Folder), _ => false };
        if (!exists) return;
        JobRecord record = JobRecord.Read(job.Folder) ?? new JobRecord { Definition = job.Definition };
        if (job is EvaluationJob evaluation) record = record with { Definition = job.Definition, Model = new LocalModel().Fingerprint(JobInspection.LastCheckpoint(evaluation.Model)) };
        (record with { Seconds = record.Seconds + seconds, Beside = int.Max(record.Beside, beside), Finished = finished ? DateTimeOffset.UtcNow : null }).Write(job.Folder);
    }

    /// <summary>Removes all checkpoints of a run but the last: there are many runs, and nobody goes on from the others.</summary>
    public static void KeepLastCheckpoint(TrainingJob job)
    {
        if (!RunDirectory.Exists(job.Folder)) return;
        using RunDirectory run = RunDirectory.Open(job.Folder);
        foreach (int step in run.CheckpointSteps().SkipLast(1)) Delete(run.CheckpointPath(step));
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{folder}' cannot be removed: {IoReason.Of(e)}. Remove it, or choose another folder with --out.", e);
        }
    }
}
