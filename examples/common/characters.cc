#include "common/characters.h"

#include <rush/core/apply.h>
#include <rush/ops/binary.h>
#include <rush/ops/create.h>
#include <rush/ops/index.h>
#include <rush/ops/movement.h>
#include <rush/ops/random.h>

#include <algorithm>
#include <set>
#include <vector>

namespace demo {

using rush::Tensor;

Characters::Characters(const std::string& text) {
  const std::set<char> sorted(text.begin(), text.end());
  set_.assign(sorted.begin(), sorted.end());
}

Tensor Characters::ids(const std::string& text) const {
  std::vector<int64_t> ids;
  for (char c : text) {
    const size_t id = set_.find(c);
    if (id == std::string::npos)
      rush::fail<rush::IndexError>("characters: '", std::string(1, c),
                                   "' does not occur in the text");
    ids.push_back(static_cast<int64_t>(id));
  }
  return Tensor::from(ids);
}

Corpus::Corpus(const std::string& text) : characters(text) {
  const Tensor all = characters.ids(text);
  const int64_t cut = all.numel() * 9 / 10;
  train = rush::narrow(all, 0, 0, cut).contiguous();
  test = rush::narrow(all, 0, cut, all.numel() - cut).contiguous();
}

Windows draw_windows(const Tensor& ids, int64_t batch, int64_t length) {
  const Tensor start = rush::randint(ids.numel() - length, {batch, 1});
  const Tensor at = start + rush::arange(length);
  return {ids[{at}], ids[{at + 1}]};
}

double mean_loss(const Tensor& ids, int count, int64_t batch, int64_t length,
                 const std::function<Tensor(const Tensor& x, const Tensor& y)>& loss) {
  const rush::NoGrad no_grad;
  double total = 0;
  for (int i = 0; i < count; ++i) {
    const auto [x, y] = draw_windows(ids, batch, length);
    total += loss(x, y).item();
  }
  return total / count;
}

}  // namespace demo
