// Losses with their reductions and weights.
#include "rush/nn/loss.h"
#include "rush/nn/module.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/softmax.h"
#include "tests/parity/layers.h"

namespace rush::parity {
namespace {

using testing::In;

const std::pair<const char*, Reduction> kReductions[] = {
    {"mean", Reduction::kMean}, {"sum", Reduction::kSum}, {"none", Reduction::kNone}};

// A loss that is called on inputs made from those of the row.
struct Wrapped {
  std::function<Tensor(const Tensor&, const Tensor&, const Tensor&)> loss;
  Tensor operator()(const Tensor& a, const Tensor& b) const { return loss(a, b, {}); }
  Tensor operator()(const Tensor& a, const Tensor& b, const Tensor& c) const {
    return loss(a, b, c);
  }
  std::string describe() const { return "Wrapped"; }
};

// torch: the arguments besides the reduction, and perhaps what is done to the inputs.
void add_all(LayerList& list, const std::string& name, const std::string& arguments,
             const std::vector<In>& in,
             const std::function<Tensor(const Tensors&, Reduction)>& loss,
             const std::string& inputs = "") {
  for (const auto& [text, reduction] : kReductions) {
    const Reduction r = reduction;
    std::string torch = concat(
        {"nn.", name, "(", arguments, arguments.empty() ? "" : ", ", "reduction='", text, "')"});
    if (!inputs.empty()) torch = concat({"Call(", torch, ", ", inputs, ")"});
    list.add(torch, Wrapped{[loss, r](const Tensor& a, const Tensor& b, const Tensor& c) {
               return loss({a, b, c}, r);
             }},
             in);
  }
}

constexpr const char* kSigns = "lambda *x: (*x[:-1], x[-1] * 2.0 - 1)";
Tensor signs(const Tensor& mask, DType t) { return cast(mask, t) * 2 - 1; }

void add_plain(LayerList& list) {
  const std::vector<In> pair = {{{4, 5}}, {{4, 5}}};
  const std::vector<In> chances = {{{4, 5}, 0.05, 0.95}, {{4, 5}, 0.05, 0.95}};
  add_all(list, "L1Loss", "", pair,
          [](const Tensors& x, Reduction r) { return nn::L1Loss{r}(x[0], x[1]); });
  add_all(list, "MSELoss", "", pair,
          [](const Tensors& x, Reduction r) { return nn::MSELoss{r}(x[0], x[1]); });
  add_all(list, "HuberLoss", "delta=0.7", pair, [](const Tensors& x, Reduction r) {
    return nn::HuberLoss{0.7, r}(x[0], x[1]);
  });
  add_all(list, "SmoothL1Loss", "beta=0.7", pair, [](const Tensors& x, Reduction r) {
    return nn::SmoothL1Loss{0.7, r}(x[0], x[1]);
  });
  add_all(list, "BCELoss", "", chances, [](const Tensors& x, Reduction r) {
    return nn::BCELoss{{}, r}(x[0], x[1]);
  });
  add_all(list, "BCEWithLogitsLoss", "pos_weight=torch.tensor([1., 2, 3, 4, 5])", pair,
          [](const Tensors& x, Reduction r) {
            const Tensor weight = Tensor::from({1, 2, 3, 4, 5}).to(x[0].dtype());
            return nn::BCEWithLogitsLoss{{}, weight, r}(x[0], x[1]);
          });
  add_all(list, "KLDivLoss", "log_target=True", pair, [](const Tensors& x, Reduction r) {
    return nn::KLDivLoss{true, r}(x[0], x[1]);
  });
  add_all(list, "PoissonNLLLoss", "full=True", {{{4, 5}}, {{4, 5}, 0.2, 5}},
          [](const Tensors& x, Reduction r) {
            return nn::PoissonNLLLoss{{.full = true, .reduction = r}}(x[0], x[1]);
          });
  add_all(list, "PoissonNLLLoss", "log_input=False", {{{4, 5}, 0.2, 5}, {{4, 5}, 0.2, 5}},
          [](const Tensors& x, Reduction r) {
            return nn::PoissonNLLLoss{{.log_input = false, .reduction = r}}(x[0], x[1]);
          });
  add_all(list, "GaussianNLLLoss", "full=True", {{{4, 5}}, {{4, 5}}, {{4, 1}, 0.2, 2}},
          [](const Tensors& x, Reduction r) {
            return nn::GaussianNLLLoss{{.full = true, .reduction = r}}(x[0], x[1], x[2]);
          });
}

void add_classes(LayerList& list) {
  const std::vector<In> rows = {{{6, 4}}, {{6}, 0, 4, In::kIndex}};
  const auto weight = [](const Tensor& x) { return Tensor::from({1, 2, 3, 4}).to(x.dtype()); };
  const std::string weights = "weight=torch.tensor([1., 2, 3, 4])";
  add_all(list, "CrossEntropyLoss", weights + ", label_smoothing=0.1, ignore_index=2", rows,
          [weight](const Tensors& x, Reduction r) {
            return nn::CrossEntropyLoss{weight(x[0]), 2, 0.1, r}(x[0], x[1]);
          });
  add_all(list, "NLLLoss", weights, rows, [weight](const Tensors& x, Reduction r) {
    return nn::NLLLoss{weight(x[0]), -100, r}(x[0], x[1]);
  });
  add_all(list, "MultiMarginLoss", "p=2, margin=0.7, " + weights, rows,
          [weight](const Tensors& x, Reduction r) {
            return nn::MultiMarginLoss{2, 0.7, weight(x[0]), r}(x[0], x[1]);
          });
  add_all(
      list, "MultiLabelMarginLoss", "", rows,
      [](const Tensors& x, Reduction r) {
        const Tensor target = x[1].defined() ? x[1] : Tensor();
        std::vector<int64_t> ids;  // each row's class, then 3 unless it is that, then none
        for (int64_t id : target.to_vector<int64_t>())
          ids.insert(ids.end(), {id, (id + 1) % 4, -1, 0});
        return nn::MultiLabelMarginLoss{r}(x[0], Tensor::from(ids, {6, 4}));
      },
      "lambda x, t: (x, torch.stack([t, (t + 1) % 4, t * 0 - 1, t * 0], 1))");
  add_all(
      list, "MultiLabelSoftMarginLoss", weights, {{{6, 4}}, {{6, 4}, 0, 1, In::kBool}},
      [weight](const Tensors& x, Reduction r) {
        return nn::MultiLabelSoftMarginLoss{weight(x[0]), r}(x[0], cast(x[1], x[0].dtype()));
      },
      "lambda x, t: (x, t.to(x.dtype))");
}

void add_margins(LayerList& list) {
  const In mask{{4}, 0, 1, In::kBool};
  add_all(
      list, "MarginRankingLoss", "margin=0.4", {{{4}}, {{4}}, mask},
      [](const Tensors& x, Reduction r) {
        return nn::MarginRankingLoss{0.4, r}(x[0], x[1], signs(x[2], x[0].dtype()));
      },
      kSigns);
  add_all(
      list, "HingeEmbeddingLoss", "margin=1.3", {{{4}}, mask},
      [](const Tensors& x, Reduction r) {
        return nn::HingeEmbeddingLoss{1.3, r}(x[0], signs(x[1], x[0].dtype()));
      },
      kSigns);
  add_all(
      list, "SoftMarginLoss", "", {{{4}}, mask},
      [](const Tensors& x, Reduction r) {
        return nn::SoftMarginLoss{r}(x[0], signs(x[1], x[0].dtype()));
      },
      kSigns);
  add_all(
      list, "CosineEmbeddingLoss", "margin=0.1", {{{4, 3}}, {{4, 3}}, mask},
      [](const Tensors& x, Reduction r) {
        return nn::CosineEmbeddingLoss{0.1, r}(x[0], x[1], signs(x[2], x[0].dtype()));
      },
      kSigns);
  const std::vector<In> three = {{{4, 3}}, {{4, 3}}, {{4, 3}}};
  add_all(list, "TripletMarginLoss", "margin=1.2, p=1.5, swap=True", three,
          [](const Tensors& x, Reduction r) {
            return nn::TripletMarginLoss{{.margin = 1.2, .p = 1.5, .swap = true, .reduction = r}}(
                x[0], x[1], x[2]);
          });
  add_all(list, "TripletMarginWithDistanceLoss",
          "distance_function=lambda a, b: 1 - F.cosine_similarity(a, b)", three,
          [](const Tensors& x, Reduction r) {
            const auto distance = [](const Tensor& a, const Tensor& b) {
              return 1 - cosine_similarity(a, b);
            };
            return nn::TripletMarginWithDistanceLoss{distance, 1, false, r}(x[0], x[1], x[2]);
          });
}

void add_ctc(LayerList& list) {
  const std::vector<In> in = {{{9, 3, 5}}, {{3, 4}, 1, 5, In::kIndex}};
  add_all(
      list, "CTCLoss", "zero_infinity=True", in,
      [](const Tensors& x, Reduction r) {
        const Tensor inputs = Tensor::from(std::vector<int64_t>{9, 7, 3});
        const Tensor targets = Tensor::from(std::vector<int64_t>{4, 2, 4});
        return nn::CTCLoss{{.reduction = r, .zero_infinity = true}}(log_softmax(x[0], 2), x[1],
                                                                    inputs, targets);
      },
      "lambda x, t: (x.log_softmax(2), t, torch.tensor([9, 7, 3]), torch.tensor([4, 2, 4]))");
}

}  // namespace

void add_losses(LayerList& list) {
  add_plain(list);
  add_classes(list);
  add_margins(list);
  add_ctc(list);
}

}  // namespace rush::parity
