// Texts as numbers, for models that read and write letter by letter.
#pragma once

#include <rush/tensor/tensor.h>

#include <functional>
#include <string>

namespace demo {

// The characters that occur in a text; their places are their ids.
class Characters {
 public:
  explicit Characters(const std::string& text);
  int64_t size() const { return static_cast<int64_t>(set_.size()); }
  rush::Tensor ids(const std::string& text) const;  // int64 [length]
  char at(int64_t id) const { return set_[static_cast<size_t>(id)]; }

 private:
  std::string set_;
};

// A text cut in two, as ids: nine tenths to learn from, the rest to judge by.
struct Corpus {
  Characters characters;
  rush::Tensor train, test;
  explicit Corpus(const std::string& text);
};

// Pieces from anywhere in the text, and the same one letter on: int64 [batch, length] each.
struct Windows {
  rush::Tensor x, y;
};
Windows draw_windows(const rush::Tensor& ids, int64_t batch, int64_t length);

// The mean of loss(x, y) over `count` batches of them, nothing recorded.
double mean_loss(
    const rush::Tensor& ids, int count, int64_t batch, int64_t length,
    const std::function<rush::Tensor(const rush::Tensor& x, const rush::Tensor& y)>& loss);

}  // namespace demo
