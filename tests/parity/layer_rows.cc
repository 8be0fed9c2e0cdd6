// Layers: how PyTorch writes each, the same here, and the shapes of its inputs.
#include "rush/nn/nn.h"
#include "tests/parity/layers.h"

namespace rush::parity {
namespace {

using testing::In;

const In kVector{{3, 6}}, kLine{{2, 4, 7}}, kPlane{{2, 4, 6, 7}}, kVolume{{1, 2, 4, 5, 4}};

void add_activations(LayerList& list) {
  using namespace nn;
  const std::vector<In> x = {{{4, 6}, -4, 4}};
  list.add("nn.ReLU()", ReLU{}, x);
  list.add("nn.ReLU6()", ReLU6{}, {{{4, 6}, -4, 8}});
  list.add("nn.ELU(0.7)", ELU{0.7}, x);
  list.add("nn.SELU()", SELU{}, x).tolerance = 1e3;  // PyTorch keeps its constants in float32
  list.add("nn.CELU(0.7)", CELU{0.7}, x).tolerance = 1e4;
  list.add("nn.GELU()", GELU{}, x);
  list.add("nn.GELU('tanh')", GELU{"tanh"}, x);
  list.add("nn.Hardshrink(0.8)", Hardshrink{0.8}, x);
  list.add("nn.Hardsigmoid()", Hardsigmoid{}, x).tolerance = 1e4;
  list.add("nn.Hardtanh(-0.5, 2)", Hardtanh{-0.5, 2}, x);
  list.add("nn.Hardswish()", Hardswish{}, x).tolerance = 1e4;
  list.add("nn.LeakyReLU(0.2)", LeakyReLU{0.2}, x);
  list.add("nn.LogSigmoid()", LogSigmoid{}, x);
  list.add("nn.PReLU(6)", PReLU(6), x);
  list.add("nn.RReLU().eval()", RReLU{.training = false}, x);
  list.add("nn.Sigmoid()", Sigmoid{}, x);
  list.add("nn.SiLU()", SiLU{}, x);
  list.add("nn.Mish()", Mish{}, x);
  list.add("nn.Softplus(2, 3)", Softplus{2, 3}, x);
  list.add("nn.Softshrink(0.8)", Softshrink{0.8}, x);
  list.add("nn.Softsign()", Softsign{}, x);
  list.add("nn.Tanh()", Tanh{}, x);
  list.add("nn.Tanhshrink()", Tanhshrink{}, x).tolerance = 10;
  list.add("nn.Threshold(0.3, 5)", Threshold{0.3, 5}, x);
  list.add("nn.GLU(1)", GLU{1}, x);
  list.add("nn.Softmin(0)", Softmin{0}, x);
  list.add("nn.Softmax(1)", Softmax{1}, x);
  list.add("nn.LogSoftmax(1)", LogSoftmax{1}, x);
  list.add("nn.Softmax2d()", Softmax2d{}, {kPlane});
}

void add_linear(LayerList& list) {
  using namespace nn;
  list.add("nn.Identity()", Identity{}, {kVector});
  list.add("nn.Linear(6, 5)", Linear(6, 5), {kVector});
  list.add("nn.Linear(6, 5, bias=False)", Linear(6, 5, {.bias = false}), {kVector});
  list.add("nn.Bilinear(6, 3, 4)", Bilinear(6, 3, 4), {kVector, {{3, 3}}});
  list.add("nn.Embedding(9, 4)", Embedding(9, 4), {{{3, 5}, 0, 9, In::kIndex}});
  list.add("nn.Embedding(9, 4, padding_idx=2)", Embedding(9, 4, {.padding_idx = 2}),
           {{{3, 5}, 0, 9, In::kIndex}});
  const char* const modes[] = {"sum", "mean", "max"};
  for (const BagMode mode : {BagMode::kSum, BagMode::kMean, BagMode::kMax})
    list.add(concat({"nn.EmbeddingBag(9, 4, mode='", modes[static_cast<int>(mode)], "')"}),
             EmbeddingBag(9, 4, {.mode = mode}), {{{3, 5}, 0, 9, In::kIndex}});
  list.add("nn.EmbeddingBag(9, 4, padding_idx=2)", EmbeddingBag(9, 4, {.padding_idx = 2}),
           {{{3, 5}, 0, 9, In::kIndex}});
  list.add("torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 5))",
           WeightNorm<Linear>{Linear(6, 5)}, {kVector})
      .tolerance = 4;
  list.add("torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 3, 2), dim=None)",
           WeightNorm<Conv2d>(Conv2d(4, 3, 2), {.axis = {}}), {kPlane})
      .tolerance = 4;
  auto& spectral = list.add("torch.nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5))",
                            SpectralNorm<Linear>{Linear(6, 5)}, {kVector});
  spectral.tolerance = 20;
}

void add_convolutions(LayerList& list) {
  using namespace nn;
  list.add("nn.Conv1d(4, 6, 3, stride=2, padding=1)", Conv1d(4, 6, 3, {.stride = 2, .padding = 1}),
           {kLine});
  list.add("nn.Conv1d(4, 6, 4, padding='same', dilation=2)",
           Conv1d(4, 6, 4, {.dilation = 2, .same = true}), {kLine});
  list.add("nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2))",
           Conv2d(4, 6, {3, 2}, {.dilation = {1, 2}, .groups = 2}), {kPlane});
  for (const char* mode : {"reflect", "replicate", "circular"})
    list.add(concat({"nn.Conv2d(4, 2, 3, padding=(1, 2), padding_mode='", mode, "')"}),
             Conv2d(4, 2, 3, {.padding = {1, 2}, .padding_mode = mode}), {kPlane});
  list.add("nn.Conv3d(2, 3, 2, bias=False)", Conv3d(2, 3, 2, {.bias = false}), {kVolume});
  list.add("nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1)",
           ConvTranspose1d(4, 6, 3, {.stride = 2, .output_padding = 1}), {kLine});
  list.add("nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2)",
           ConvTranspose2d(4, 6, 3, {.stride = 2, .padding = 1, .groups = 2}), {kPlane});
  list.add("nn.ConvTranspose3d(2, 3, 2)", ConvTranspose3d(2, 3, 2), {kVolume});
}

void add_norms(LayerList& list) {
  using namespace nn;
  constexpr double kLoose = 50;  // normalised curves magnify rounding
  list.add("nn.BatchNorm1d(6)", BatchNorm1d(6), {kVector}).tolerance = kLoose;
  list.add("nn.BatchNorm1d(4, momentum=None)", BatchNorm1d(4, {.momentum = {}}), {kLine})
      .tolerance = kLoose;
  list.add("nn.BatchNorm2d(4, eps=1e-3, momentum=0.3)",
           BatchNorm2d(4, {.eps = 1e-3, .momentum = 0.3}), {kPlane})
      .tolerance = kLoose;
  list.add("nn.BatchNorm3d(2, affine=False)", BatchNorm3d(2, {.affine = false}), {kVolume})
      .tolerance = kLoose;
  list.add("nn.BatchNorm2d(4, track_running_stats=False)",
           BatchNorm2d(4, {.track_running_stats = false}), {kPlane})
      .tolerance = kLoose;
  BatchNorm2d evaluating(4);
  evaluating.training = false;
  list.add("nn.BatchNorm2d(4).eval()", evaluating, {kPlane}).tolerance = kLoose;
  list.add("nn.LayerNorm((4, 7))", LayerNorm(Shape{4, 7}), {kLine}).tolerance = kLoose;
  list.add("nn.LayerNorm(7, bias=False)", LayerNorm(7, {.bias = false}), {kLine}).tolerance =
      kLoose;
  list.add("nn.GroupNorm(2, 4)", GroupNorm(2, 4), {kPlane}).tolerance = kLoose;
  list.add("nn.InstanceNorm1d(4)", InstanceNorm1d(4), {kLine}).tolerance = kLoose;
  list.add("nn.InstanceNorm2d(4, affine=True, track_running_stats=True)",
           InstanceNorm2d(4, {.affine = true, .track_running_stats = true}), {kPlane})
      .tolerance = kLoose;
  list.add("nn.InstanceNorm3d(2, affine=True)", InstanceNorm3d(2, {.affine = true}), {kVolume})
      .tolerance = kLoose;
  list.add("nn.RMSNorm(7)", RMSNorm(7), {kLine}).tolerance = kLoose;
  list.add("nn.LocalResponseNorm(3, alpha=0.5, k=2)", LocalResponseNorm(3, {.alpha = 0.5, .k = 2}),
           {kPlane});
}

void add_pools(LayerList& list) {
  using namespace nn;
  const In line{{2, 4, 7}, -2, 2, In::kDistinct}, plane{{2, 4, 6, 7}, -2, 2, In::kDistinct},
      volume{{1, 2, 4, 5, 4}, -2, 2, In::kDistinct};
  list.add("nn.MaxPool1d(3, stride=2, padding=1)", MaxPool1d(3, {.stride = 2, .padding = 1}),
           {line});
  list.add("nn.MaxPool2d(2, ceil_mode=True)", MaxPool2d(2, {.ceil_mode = true}), {plane});
  list.add("nn.MaxPool3d(2, dilation=2)", MaxPool3d(2, {.dilation = 2}), {volume});
  list.add("nn.AvgPool1d(3, stride=2)", AvgPool1d(3, {.stride = 2}), {line});
  list.add("nn.AvgPool2d(3, padding=1, count_include_pad=False)",
           AvgPool2d(3, {.padding = 1, .count_include_pad = false}), {plane});
  list.add("nn.AvgPool3d(2, divisor_override=3)", AvgPool3d(2, {.divisor_override = 3}), {volume});
  list.add("nn.LPPool1d(2, 3)", LPPool1d(2, 3), {line});
  list.add("nn.LPPool2d(2, (2, 3), stride=1)", LPPool2d(2, {2, 3}, {.stride = 1}), {plane});
  list.add("nn.LPPool3d(2, 2)", LPPool3d(2, 2), {volume});
  list.add("nn.AdaptiveAvgPool1d(3)", AdaptiveAvgPool1d(3), {line});
  list.add("nn.AdaptiveAvgPool2d((3, 2))", AdaptiveAvgPool2d({3, 2}), {plane});
  list.add("nn.AdaptiveAvgPool3d(2)", AdaptiveAvgPool3d(2), {volume});
  list.add("nn.AdaptiveMaxPool1d(3)", AdaptiveMaxPool1d(3), {line});
  list.add("nn.AdaptiveMaxPool2d((3, 2))", AdaptiveMaxPool2d({3, 2}), {plane});
  list.add("nn.AdaptiveMaxPool3d(2)", AdaptiveMaxPool3d(2), {volume});
}

void add_shapes(LayerList& list) {
  using namespace nn;
  list.add("nn.Flatten()", Flatten{}, {kPlane});
  list.add("nn.Unflatten(1, (2, 2))", Unflatten{1, {2, 2}}, {kPlane});
  list.add("nn.PixelShuffle(2)", PixelShuffle{2}, {kPlane});
  list.add("nn.PixelUnshuffle(2)", PixelUnshuffle{2}, {{{1, 2, 4, 6}}});
  list.add("nn.ChannelShuffle(2)", ChannelShuffle{2}, {kPlane});
  list.add("nn.ConstantPad1d((1, 2), 0.5)", ConstantPad1d({1, 2}, 0.5), {kLine});
  list.add("nn.ConstantPad3d(1, 0.5)", ConstantPad3d(1, 0.5), {kVolume});
  list.add("nn.ZeroPad1d(2)", ZeroPad1d(2), {kLine});
  list.add("nn.ZeroPad2d((1, 2, 0, 1))", ZeroPad2d({1, 2, 0, 1}), {kPlane});
  list.add("nn.ReflectionPad1d(2)", ReflectionPad1d(2), {kLine});
  list.add("nn.ReflectionPad2d((1, 2, 3, 0))", ReflectionPad2d({1, 2, 3, 0}), {kPlane});
  list.add("nn.ReflectionPad3d(1)", ReflectionPad3d(1), {kVolume});
  list.add("nn.ReplicationPad1d(2)", ReplicationPad1d(2), {kLine});
  list.add("nn.ReplicationPad2d((1, 2, 3, 0))", ReplicationPad2d({1, 2, 3, 0}), {kPlane});
  list.add("nn.ReplicationPad3d(1)", ReplicationPad3d(1), {kVolume});
  list.add("nn.CircularPad1d(2)", CircularPad1d(2), {kLine});
  list.add("nn.CircularPad2d((1, 2, 3, 0))", CircularPad2d({1, 2, 3, 0}), {kPlane});
  list.add("nn.CircularPad3d(1)", CircularPad3d(1), {kVolume});
  list.add("nn.CosineSimilarity(dim=1)", CosineSimilarity{}, {kLine, kLine});
  list.add("nn.PairwiseDistance(p=3, keepdim=True)", PairwiseDistance{.p = 3, .keepdim = true},
           {kVector, kVector});
}

}  // namespace

void add_layers(LayerList& list) {
  add_activations(list);
  add_linear(list);
  add_convolutions(list);
  add_norms(list);
  add_pools(list);
  add_shapes(list);
}

}  // namespace rush::parity
