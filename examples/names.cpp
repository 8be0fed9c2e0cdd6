// Recurrent networks make up names: a GRU and a plain RNN learn which letter comes next, from names
// of all lengths packed together, so that no step is spent on padding.
#include <rush/io/chart.h>
#include <rush/rush.h>

#include <numeric>

#include "common/demo.h"

using namespace rush;

namespace {

constexpr int64_t kLetters = 27, kHidden = 128;  // 0 begins and ends a name, a is 1

template <typename Layer>
struct Model {
  nn::Embedding in{kLetters, 32};
  Layer layer{32, kHidden};
  nn::Linear out{kHidden, kLetters};

  // Scores for the next letter at every place, in the order of the packed letters.
  Tensor operator()(nn::PackedSequence letters) const {
    letters.data = in(letters.data);
    return out(layer(letters).output.data);
  }
};

// What is read, and what should follow; packed alike.
struct Batch {
  nn::PackedSequence read, next;
};

Batch pack(const std::vector<std::string>& names) {
  std::vector<Tensor> read, next;
  for (const std::string& name : names) {
    std::vector<int64_t> letters{0};
    for (char c : name) letters.push_back(c - 'a' + 1);
    read.push_back(Tensor::from(letters));
    letters.erase(letters.begin());
    letters.push_back(0);
    next.push_back(Tensor::from(letters));
  }
  return {nn::pack_sequence(read, false), nn::pack_sequence(next, false)};
}

template <typename Layer>
double mean_loss(const Model<Layer>& model, const std::vector<std::string>& names) {
  const NoGrad no_grad;
  const Batch batch = pack(names);
  return nn::cross_entropy(model(batch.read), batch.next.data).item();
}

template <typename Layer>
std::string make_up(const Model<Layer>& model) {
  constexpr size_t kLongest = 15;
  const NoGrad no_grad;
  std::string name;
  Tensor letter = zeros({1, 1}, int64), state;
  while (name.size() < kLongest) {
    auto [output, next] = model.layer(model.in(letter), state);  // one step of one name
    letter = nn::sample_tokens(model.out(output), {.temperature = 0.8});
    if (letter.item<int64_t>() == 0) break;
    name += static_cast<char>('a' + letter.item<int64_t>() - 1);
    state = next;
  }
  return name;
}

struct Names {
  std::vector<std::string> train, test;
};

template <typename Layer>
io::Series learn(demo::Demo& d, const std::string& title, const Names& names, int64_t epochs,
                 int64_t size) {
  Model<Layer> model;
  optim::Adam adam(parameters(model), {.lr = 3e-3});
  const auto count = static_cast<int64_t>(names.train.size());
  io::Series curve{title, {0}, {mean_loss(model, names.test)}, false, true};
  for (int64_t epoch = 1; epoch <= epochs; ++epoch) {
    d.begin(title + ", epoch " + std::to_string(epoch), count / size);
    const auto order = data::shuffled_rows(count, static_cast<uint64_t>(epoch));
    for (int64_t from = 0; from + size <= count; from += size) {
      std::vector<std::string> some;
      for (int64_t i = from; i < from + size; ++i)
        some.push_back(names.train[static_cast<size_t>(order[static_cast<size_t>(i)])]);
      const Batch batch = pack(some);
      const Tensor loss = nn::cross_entropy(model(batch.read), batch.next.data);
      adam.step(loss);
      d.update(from / size + 1, "loss " + io::fixed(loss.item(), 3));
    }
    curve.x.push_back(static_cast<double>(epoch));
    curve.y.push_back(mean_loss(model, names.test));
    d.say("%s, epoch %d: loss on unseen names %.3f, %.1f s", title.c_str(), static_cast<int>(epoch),
          curve.y.back(), d.seconds());
    adam.set_lr(adam.lr() * 0.8);
  }
  std::string made;
  for (int i = 0; i < 12; ++i) made += " " + make_up(model);
  d.say("%s makes up:%s", title.c_str(), made.c_str());
  return curve;
}

void run_names(demo::Demo& d) {
  const int64_t epochs = d.option("epochs", 8, 4, "passes over the names");
  const int64_t size = d.option("batch", 64, 32, "names a step");
  d.start();
  Names names{
      data::load_names({.folder = d.folder(), .download = !d.quick() && d.folder().empty()}), {}};
  const auto rows = data::shuffled_rows(static_cast<int64_t>(names.train.size()), 0);
  std::vector<std::string> shuffled;
  for (int64_t row : rows) shuffled.push_back(names.train[static_cast<size_t>(row)]);
  const auto cut = shuffled.begin() + static_cast<int64_t>(shuffled.size()) * 9 / 10;
  names = {{shuffled.begin(), cut}, {cut, shuffled.end()}};

  const io::Series gru = learn<nn::GRU>(d, "GRU", names, epochs, size);
  const io::Series rnn = learn<nn::RNN>(d, "RNN", names, epochs, size);
  d.at_most("loss on unseen names, GRU", gru.y.back(), 2.1, 2.8);
  d.at_most("loss on unseen names, RNN", rnn.y.back(), 2.15, 2.8);
  d.write("names.svg", io::to_svg({.title = "Which letter comes next in a name",
                                   .x_label = "epoch",
                                   .left_label = "loss, nats a letter",
                                   .series = {gru, rnn}}));
}

}  // namespace

int main(int argc, char** argv) {
  return demo::run(argc, argv, "Recurrent networks on packed sequences make up names.", run_names);
}
