using System.Text.Json;
using Rlvr.Tensors;
using Rlvr.Tests.Algorithms;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class FusedAdamWTests
{
    [Fact]
    public void Equals_PyTorch()
    {
        foreach (GoldenCase c in Golden.Read("torch_adamw.json"))
        {
            using var scope = NewDisposeScope();
            bool single = c.Text("dtype") == "float32";
            ScalarType type = single ? ScalarType.Float32 : ScalarType.Float64;
            (double rtol, double atol) = single ? (1e-5, 1e-7) : (1e-10, 1e-14);
            Tensor[] parameters = [.. c.Inputs.GetProperty("params").EnumerateArray().Select(p => GoldenCase.ToTensor(p, type, gradient: true))];
            double[] betas = c.Numbers("betas"), rates = c.Numbers("lr_per_step");
            using var optimizer = new FusedAdamW(parameters.Select((p, i) => ($"p{i}", p)), betas[0], betas[1], c.Number("eps"), c.Number("weight_decay"));
            for (int step = 0; step < rates.Length; step++)
            {
                JsonElement gradients = c.Inputs.GetProperty("grads_per_step")[step], expected = c.Expected.GetProperty("per_step")[step];
                SetGradients(parameters, gradients, type);
                optimizer.Step(rates[step]);
                Dictionary<string, Tensor> state = optimizer.State().ToDictionary(s => s.Name, s => s.Value);
                for (int i = 0; i < parameters.Length; i++)
                {
                    string what = $"{c.Name}: step {step}, parameter {i}";
                    Golden.Close(expected.GetProperty("params")[i], parameters[i], what, rtol, atol);
                    Golden.Close(expected.GetProperty("exp_avg")[i], state[$"exp_avg.p{i}"], what + " exp_avg", rtol, atol);
                    Golden.Close(expected.GetProperty("exp_avg_sq")[i], state[$"exp_avg_sq.p{i}"], what + " exp_avg_sq", rtol, atol);
                }
            }
            Assert.Equal(rates.Length, optimizer.StepCount);
        }
    }

    [Fact]
    public void A_restored_optimiser_continues_exactly()
    {
        using var scope = NewDisposeScope();
        Tensor start = linspace(-1, 1, 12).reshape(3, 4), gradient = linspace(0.3, -0.7, 12).reshape(3, 4);
        Tensor whole = start.clone().requires_grad_(), resumed = start.clone().requires_grad_();
        using var reference = new FusedAdamW([("w", whole)]);
        for (int step = 0; step < 5; step++) Update(reference, whole, gradient * (step - 1.5));

        Dictionary<string, Tensor> saved;
        using (var first = new FusedAdamW([("w", resumed)]))
        {
            for (int step = 0; step < 3; step++) Update(first, resumed, gradient * (step - 1.5));
            saved = first.State().ToDictionary(s => s.Name, s => s.Value.clone());
        }
        using var second = new FusedAdamW([("w", resumed)]);
        second.Restore(3, saved);
        for (int step = 3; step < 5; step++) Update(second, resumed, gradient * (step - 1.5));

        Assert.Equal(whole.data<float>().ToArray(), resumed.data<float>().ToArray());
        Assert.Equal(5, second.StepCount);
    }

    [Fact]
    public void A_state_of_another_model_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        Tensor weight = ones(3).requires_grad_();
        using var optimizer = new FusedAdamW([("w", weight)]);
        Update(optimizer, weight, ones(3));
        var other = new Dictionary<string, Tensor> { ["exp_avg.w"] = zeros(3), ["exp_avg_sq.w"] = zeros(4) };

        var error = Assert.Throws<RlvrException>(() => optimizer.Restore(7, other));
        Assert.Contains("exp_avg_sq.w", error.Message);
        Assert.Contains("[4]", error.Message);
        other.Remove("exp_avg.w");
        Assert.Contains("'exp_avg.w' is missing", Assert.Throws<RlvrException>(() => optimizer.Restore(7, other)).Message);
        Assert.Equal(1, optimizer.StepCount);
        Assert.Equal(0.1f, optimizer.State().First().Value[0].item<float>(), 1e-6f);
    }

    [Fact]
    public void A_parameter_without_gradient_is_named()
    {
        using var scope = NewDisposeScope();
        using var optimizer = new FusedAdamW([("lonely", ones(3).requires_grad_())]);

        Assert.Contains("'lonely'", Assert.Throws<InvalidOperationException>(() => optimizer.Step(1e-3)).Message);
    }

    [Fact]
    public void Zeroed_gradients_are_zero()
    {
        using var scope = NewDisposeScope();
        Tensor weight = ones(3).requires_grad_();
        using var optimizer = new FusedAdamW([("w", weight)]);
        (weight * 2).sum().backward();
        optimizer.ZeroGradients();
        (weight * 5).sum().backward();

        Assert.Equal(new float[] { 5, 5, 5 }, weight.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Steps_leave_no_tensors_behind()
    {
        using var scope = NewDisposeScope();
        Tensor weight = ones(3).requires_grad_(), gradient = ones(3);
        using var optimizer = new FusedAdamW([("w", weight)]);
        weight.grad = gradient;
        optimizer.Step(1e-3);
        long before = scope.DisposablesCount;
        for (int i = 0; i < 5; i++)
        {
            optimizer.Step(1e-3);
            optimizer.ZeroGradients();
            GradientNorm.Clip([weight], 1);
        }

        Assert.Equal(before, scope.DisposablesCount);
    }

    private static void Update(FusedAdamW optimizer, Tensor parameter, Tensor gradient)
    {
        parameter.grad = gradient.clone();
        optimizer.Step(1e-2);
    }

    private static void SetGradients(Tensor[] parameters, JsonElement gradients, ScalarType type)
    {
        for (int i = 0; i < parameters.Length; i++) parameters[i].grad = GoldenCase.ToTensor(gradients[i], type);
    }
}
