using Rlvr.Algorithms;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms;

public class ResponseMaskTests
{
    [Fact]
    public void Equals_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_masked_statistics.json").Where(c => c.Function == "get_eos_mask"))
        {
            using var scope = NewDisposeScope();
            c.Check("eos_mask", ResponseMask.UpToEnd(c.Tensor("response_id", ScalarType.Int64), [.. c.Integers("eos_token").Select(id => (long)id)]));
        }
    }
}
