"""The product is the convolution: values, gradients and names of weights."""

import copy
from pathlib import Path

import pytest

from tests.lazy import Lazy

torch, nn = Lazy("torch"), Lazy("torch.nn")
checkpoint, patches = Lazy("rewards.models.checkpoint"), Lazy("rewards.models.patch_projection")
pytestmark = pytest.mark.slow


def test_values_and_gradients_are_those_of_the_convolution():
    torch.manual_seed(0)
    for bias in (False, True):
        convolution = nn.Conv3d(3, 8, kernel_size=(2, 4, 4), stride=(2, 4, 4), bias=bias)
        product = copy.deepcopy(convolution)
        patches.project_by_product(product)
        assert type(product) is patches.PatchProjection and type(convolution) is nn.Conv3d
        drawn = torch.randn(5, 3, 2, 4, 4)
        weights = torch.randn(5, 8, 1, 1, 1)
        for module in (convolution, product):
            (module(drawn) * weights).sum().backward()
        torch.testing.assert_close(product(drawn), convolution(drawn))
        torch.testing.assert_close(product.weight.grad, convolution.weight.grad)
        assert product.state_dict().keys() == convolution.state_dict().keys()
        larger = torch.randn(2, 3, 4, 8, 12)  # a whole picture: many patches to a row
        torch.testing.assert_close(product(larger), convolution(larger))


def test_convolutions_that_overlap_or_are_grouped_stay():
    for module in (nn.Conv3d(4, 4, 3, stride=1), nn.Conv3d(4, 4, 2, stride=2, groups=2)):
        patches.project_by_product(module)
        assert type(module) is nn.Conv3d


def test_a_vision_model_is_loaded_with_it(small_vl: Path):
    model = checkpoint.load_weights(str(small_vl))
    projections = [module for module in model.modules() if isinstance(module, nn.Conv3d)]
    assert projections and all(type(module) is patches.PatchProjection for module in projections)
