// A small GPT learns Shakespeare's plays letter by letter, and then goes on writing with a cache of
// keys and values. Its sizes are those of nanoGPT's example for a CPU, which reports a loss
// of 1.88 on unseen text.
#include <rush/rush.h>

#include "common/characters.h"
#include "common/demo.h"

using namespace rush;

namespace {

struct Sizes {
  int64_t letters, context, width, heads, layers;
};

nn::TransformerEncoder make_blocks(const Sizes& s) {
  const nn::TransformerEncoderLayer block(s.width, s.heads,
                                          {.dim_feedforward = 4 * s.width,
                                           .dropout = 0,
                                           .activation = "gelu",
                                           .batch_first = true,
                                           .norm_first = true});
  return nn::TransformerEncoder(block, s.layers, nn::LayerNorm(s.width));
}

struct Gpt {
  Sizes s;
  nn::Embedding letters{s.letters, s.width}, places{s.context, s.width};
  nn::TransformerEncoder blocks = make_blocks(s);
  nn::Linear scores{s.width, s.letters, {.bias = false}};

  // ids: [B, T], of which the first stands at place `from` -> [B, T, letters]. With a cache the
  // letters before need not be given again.
  Tensor operator()(const Tensor& ids, int64_t from = 0,
                    std::vector<nn::KVCache>* cache = {}) const {
    const Tensor place = arange(from, from + ids.size(1));
    const Tensor x = letters(ids) + places(place);
    return scores(blocks(x, {.is_causal = true, .cache = cache}));
  }
};

Tensor loss_of(const Gpt& model, const Tensor& x, const Tensor& y) {
  return nn::cross_entropy(model(x).flatten(0, 1), y.flatten());
}

// When the context is full, the cache starts anew from its second half.
std::string write_on(const Gpt& model, const demo::Characters& characters, std::string text,
                     int64_t count) {
  const NoGrad no_grad;
  std::vector<nn::KVCache> cache;
  Tensor ids = characters.ids(text).unsqueeze(0);
  int64_t from = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (from + ids.size(1) > model.s.context) {
      const size_t kept = static_cast<size_t>(model.s.context / 2);
      ids = characters.ids(text.substr(text.size() - kept)).unsqueeze(0);
      cache.clear();
      from = 0;
    }
    const Tensor scores = model(ids, from, &cache)[{0, -1}];
    from += ids.size(1);
    const Tensor id = nn::sample_tokens(scores, {.temperature = 0.8});
    text += characters.at(id.item<int64_t>());
    ids = id.reshape({1, 1});
  }
  return text;
}

void gpt(demo::Demo& d) {
  const int64_t steps = d.option("steps", 3000, 60, "batches of 12 pieces");
  const int64_t context = d.option("context", 64, 32, "letters that are seen at once");
  const int64_t width = d.option("width", 128, 64, "numbers for a letter");
  const int64_t layers = d.option("layers", 4, 2, "of attention, with 4 heads each");
  const double lr = d.option("lr", 1e-3, 3e-3, "learning rate");
  d.start();
  const demo::Corpus plays(
      data::load_shakespeare({.folder = d.folder(), .download = !d.quick() && d.folder().empty()}));
  Gpt model{{plays.characters.size(), context, width, 4, layers}};
  for (const auto& [name, p] : named_parameters(model))
    if (p.rank() > 1) nn::init::normal_(p, 0, 0.02);
  d.say("%s parameters", io::with_commas(parameter_count(model)).c_str());

  optim::AdamW adam(parameters(model), {.lr = lr, .betas = {0.9, 0.99}, .weight_decay = 0.1});
  optim::OneCycleLR schedule(adam, {.max_lr = lr, .total_steps = steps + 1, .pct_start = 0.05});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = loss_of(model, x, y);
    adam.zero_grad();
    loss.backward();
    optim::clip_grad_norm_(parameters(model), 1.0);
    adam.step();
    return loss;
  });

  const auto curves = demo::learn(
      d, steps,
      [&] {
        const auto [x, y] = demo::draw_windows(plays.train, 12, context);
        const double loss = step(x, y).item();
        schedule.step();
        return loss;
      },
      [&] {
        return demo::mean_loss(plays.test, 20, 12, context, [&](const Tensor& x, const Tensor& y) {
          return loss_of(model, x, y);
        });
      });
  const std::string text = write_on(model, plays.characters, "ROMEO:", d.quick() ? 200 : 600);
  d.say("%s", text.c_str());
  d.write("gpt.txt", text + "\n");
  d.at_most("loss on unseen text", curves.test.y.back(), 1.88, 3.2);
  d.write("gpt.svg", io::to_svg({.title = "A small GPT learns Shakespeare letter by letter",
                                 .x_label = "step",
                                 .left_label = "loss, nats a letter",
                                 .series = {curves.train, curves.test}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "A small GPT learns to write Shakespeare letter by letter.", gpt);
}
