"""Models of PyTorch, where it is installed: their Hessian, left as they are."""

import numpy as np
import pytest

import critdamp as cd
from critdamp.data.problems import datasets
from critdamp.data.problems.perceptron import Perceptron
from critdamp.engine.errors import InputError

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def both():
    """Return a net of ours, its parameters, and the same net in PyTorch."""
    inputs, targets = datasets.digits()
    net = Perceptron(inputs[:60], targets[:60], 3, 0.0)
    at = net.start(4)
    first, second, bias = net._layers(at)
    model = torch.nn.Sequential(
        torch.nn.Linear(65, 3, bias=False), torch.nn.Tanh(), torch.nn.Linear(3, 10)
    ).double()
    with torch.no_grad():
        for value, ours in zip(model.parameters(), (first, second, bias), strict=True):
            value.copy_(torch.from_numpy(ours))
    data = torch.from_numpy(net.inputs), torch.from_numpy(net.targets)
    return net, at, model, data


loss = torch.nn.CrossEntropyLoss()


def test_products_are_those_of_the_same_net(both):
    net, at, model, data = both
    vector = np.random.default_rng(1).standard_normal(net.size)
    expected = net.hessian_product(at, vector)
    batches = [(data[0][i : i + 25], data[1][i : i + 25]) for i in range(0, 60, 25)]
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data), 7)
    for given in (data, batches, loader):
        operator = cd.hessian_operator(model, loss, given)
        assert operator.shape == (net.size, net.size)
        for _ in range(2):
            np.testing.assert_allclose(operator @ vector, expected, atol=1e-14)


def test_a_model_in_single_precision_is_left_as_it_is(both):
    net, at, model, (inputs, targets) = both
    model = model.float()
    before = [value.clone() for value in model.parameters()]
    vector = np.random.default_rng(1).standard_normal(net.size)
    data = inputs.float(), targets.float()
    expected = net.hessian_product(at.astype(np.float32).astype(float), vector)
    double = cd.hessian_operator(model, loss, data) @ vector
    single = cd.hessian_operator(model, loss, data, dtype=None) @ vector
    np.testing.assert_allclose(double, expected, atol=1e-7)
    np.testing.assert_allclose(single, expected, atol=1e-5)
    assert not np.array_equal(single, double)
    for value, old in zip(model.parameters(), before, strict=True):
        assert value.dtype == torch.float32
        assert torch.equal(value, old)
        assert value.grad is None


def test_from_a_model_to_its_spectrum(both):
    _, _, model, data = both
    model[0].weight.requires_grad_(False)
    operator = cd.hessian_operator(model, loss, data)
    dense = cd.Spectrum.from_hessian(operator @ np.eye(40))
    found = cd.Spectrum.from_hessian(operator, steps=40)
    assert found.modes == pytest.approx(40)
    np.testing.assert_allclose(found.k[-1], dense.k[-1], rtol=1e-10)


def test_layers_that_count_and_parameters_without_use(both):
    _, _, _, (inputs, targets) = both

    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = torch.nn.Parameter(torch.ones(3))
            self.norm = torch.nn.BatchNorm1d(65)
            self.line = torch.nn.Linear(65, 10)

        def forward(self, x):
            return self.line(self.norm(x))

    model = Odd()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for dtype in ("float64", None):
        kind = torch.float64 if dtype else torch.float32
        data = inputs.to(kind), targets.to(kind)
        operator = cd.hessian_operator(model, loss, data, dtype=dtype)
        product = operator @ np.ones(operator.shape[0])
        assert (product[:3] == 0).all()
        assert abs(product[3:]).max() > 0
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    linear = cd.hessian_operator(
        torch.nn.Linear(65, 1), lambda out, _: out.mean(), (inputs, targets)
    )
    assert (linear @ np.ones(66) == 0).all()


def test_bad_models_and_data(both):
    _, _, model, (inputs, targets) = both
    with pytest.raises(InputError, match="the loss is nan; it must be finite"):
        cd.hessian_operator(model, loss, (inputs * np.nan, targets))
    with pytest.raises(InputError, match="data: an iterator can be read only once"):
        cd.hessian_operator(model, loss, iter([(inputs, targets)]))
    with pytest.raises(InputError, match=r"data: \(inputs, targets\), or a list"):
        cd.hessian_operator(model, loss, [inputs, targets])
    with pytest.raises(InputError, match="data: has no samples"):
        cd.hessian_operator(model, loss, [])
    with pytest.raises(InputError, match="model: no parameter requires a gradient"):
        cd.hessian_operator(model.requires_grad_(False), loss, (inputs, targets))
