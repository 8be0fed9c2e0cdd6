// einsum: labels are tracked beside the tensors, operands are contracted two at a time (the pair
// with the smallest result first), and each contraction is one batched matrix product.
#include <algorithm>
#include <string>
#include <vector>

#include "rush/base/error.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

// A letter, or the code of an axis under the ellipsis: kEllipsis + its distance from the last one.
using Label = int;
constexpr Label kEllipsis = 256;
using Labels = std::vector<Label>;

struct Term {
  Tensor x;
  Labels labels;
};

bool has(const Labels& labels, Label l) {
  return std::find(labels.begin(), labels.end(), l) != labels.end();
}

[[noreturn]] void reject(std::string_view equation, const std::string& why) {
  fail<ShapeError>("einsum: ", why, "; the equation is '", equation, "'");
}

// A part of the equation: letters, and where the ellipsis stands (-1: nowhere).
struct Subscript {
  std::string letters;
  int ellipsis = -1;
};

Subscript parse_subscript(std::string_view equation, std::string_view text) {
  Subscript s;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (text.substr(i, 3) == "...") {
      if (s.ellipsis >= 0) reject(equation, "an operand has two ellipses");
      s.ellipsis = static_cast<int>(s.letters.size());
      i += 2;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      s.letters += c;
    } else {
      reject(equation,
             std::string("only letters, '...', ',' and '->' are allowed, not '") + c + "'");
    }
  }
  return s;
}

std::vector<Subscript> parse_inputs(std::string_view equation, std::string_view text) {
  std::vector<Subscript> parts;
  for (size_t start = 0;;) {
    const size_t comma = text.find(',', start);
    const size_t length = comma == std::string_view::npos ? comma : comma - start;
    parts.push_back(parse_subscript(equation, text.substr(start, length)));
    if (comma == std::string_view::npos) return parts;
    start = comma + 1;
  }
}

// The labels of an operand of `rank` dimensions.
Labels expand_labels(const Subscript& s, int ellipsis_rank) {
  Labels out;
  const int at = s.ellipsis < 0 ? static_cast<int>(s.letters.size()) : s.ellipsis;
  for (int i = 0; i < at; ++i) out.push_back(static_cast<unsigned char>(s.letters[i]));
  for (int i = ellipsis_rank - 1; i >= 0; --i) out.push_back(kEllipsis + i);
  for (size_t i = at; i < s.letters.size(); ++i)
    out.push_back(static_cast<unsigned char>(s.letters[i]));
  return out;
}

// Repeated labels become a diagonal.
Term take_diagonals(std::string_view equation, Term t) {
  for (size_t i = 0; i < t.labels.size(); ++i)
    for (size_t j = t.labels.size() - 1; j > i; --j) {
      if (t.labels[i] != t.labels[j]) continue;
      const Shape& s = t.x.shape();
      if (s[static_cast<int>(i)] != s[static_cast<int>(j)])
        reject(equation, std::string("'") + static_cast<char>(t.labels[i]) +
                             "' names axes of different sizes of one operand " + to_text(s));
      const Label l = t.labels[i];
      t.x = diagonal(t.x, 0, static_cast<int64_t>(i), static_cast<int64_t>(j));
      t.labels.erase(t.labels.begin() + static_cast<int64_t>(j));
      t.labels.erase(t.labels.begin() + static_cast<int64_t>(i));
      t.labels.push_back(l);  // diagonal() puts it last
      return take_diagonals(equation, std::move(t));
    }
  return t;
}

Term make_term(std::string_view equation, const Subscript& s, const Tensor& x, size_t index) {
  const int letters = static_cast<int>(s.letters.size());
  const int under_ellipsis = x.rank() - letters;
  if (under_ellipsis < 0 || (s.ellipsis < 0 && under_ellipsis > 0))
    reject(equation, "operand " + std::to_string(index) + " has " + std::to_string(letters) +
                         " subscripts but shape " + to_text(x.shape()));
  return take_diagonals(equation, {x, expand_labels(s, under_ellipsis)});
}

// Every label has one size everywhere; 1 broadcasts.
void check_sizes(std::string_view equation, const std::vector<Term>& terms) {
  std::vector<std::pair<Label, int64_t>> sizes;
  for (const Term& t : terms)
    for (size_t i = 0; i < t.labels.size(); ++i) {
      const int64_t size = t.x.shape()[static_cast<int>(i)];
      const auto known =
          std::find_if(sizes.begin(), sizes.end(), [&](auto& s) { return s.first == t.labels[i]; });
      if (known == sizes.end()) {
        sizes.emplace_back(t.labels[i], size);
      } else if (known->second == 1) {
        known->second = size;
      } else if (size != 1 && size != known->second) {
        const std::string name = t.labels[i] < kEllipsis
                                     ? std::string("'") + static_cast<char>(t.labels[i]) + "'"
                                     : std::string("an axis under '...'");
        reject(equation, name + " has size " + std::to_string(known->second) + " and size " +
                             std::to_string(size));
      }
    }
}

Labels implicit_output(const std::vector<Subscript>& inputs, int ellipsis_rank) {
  std::string all;
  for (const Subscript& s : inputs) all += s.letters;
  std::sort(all.begin(), all.end());
  Subscript out{"", 0};
  for (size_t i = 0; i < all.size(); ++i)
    if ((i == 0 || all[i - 1] != all[i]) && (i + 1 == all.size() || all[i + 1] != all[i]))
      out.letters += all[i];
  return expand_labels(out, ellipsis_rank);
}

Labels explicit_output(std::string_view equation, std::string_view text,
                       const std::vector<Subscript>& inputs, int ellipsis_rank) {
  const Subscript s = parse_subscript(equation, text);
  for (size_t i = 0; i < s.letters.size(); ++i) {
    const char c = s.letters[i];
    if (s.letters.find(c, i + 1) != std::string::npos)
      reject(equation, std::string("'") + c + "' occurs twice in the result");
    if (std::none_of(inputs.begin(), inputs.end(),
                     [&](auto& in) { return in.letters.find(c) != std::string::npos; }))
      reject(equation, std::string("'") + c + "' of the result is in no operand");
  }
  return expand_labels(s, s.ellipsis >= 0 ? ellipsis_rank : 0);
}

// Sums the axes whose labels are not in `keep`.
Term sum_others(Term t, const Labels& keep) {
  Dims axes;
  Labels left;
  for (size_t i = 0; i < t.labels.size(); ++i) {
    if (has(keep, t.labels[i]))
      left.push_back(t.labels[i]);
    else
      axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty()) return t;
  return {t.x.sum(axes), left};
}

// Drops axes of size 1 that the other operand has in full: they broadcast.
Term drop_broadcast(Term t, const Term& other) {
  for (size_t i = t.labels.size(); i-- > 0;) {
    const auto at = std::find(other.labels.begin(), other.labels.end(), t.labels[i]);
    if (at == other.labels.end() || t.x.shape()[static_cast<int>(i)] != 1) continue;
    if (other.x.shape()[static_cast<int>(at - other.labels.begin())] == 1) continue;
    t.x = squeeze(t.x, static_cast<int64_t>(i));
    t.labels.erase(t.labels.begin() + static_cast<int64_t>(i));
  }
  return t;
}

Tensor arranged(const Term& t, const Labels& order) {
  Dims axes;
  for (Label l : order)
    axes.push_back(std::find(t.labels.begin(), t.labels.end(), l) - t.labels.begin());
  return permute(t.x, axes);
}

Labels joined(const Labels& a, const Labels& b) {
  Labels out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

int64_t product(const Shape& s, size_t from, size_t count) {
  int64_t n = 1;
  for (size_t i = from; i < from + count; ++i) n *= s[static_cast<int>(i)];
  return n;
}

// One contraction: labels of both that `keep` has are batch, the others are summed over.
Term contract(Term a, Term b, const Labels& keep) {
  a = drop_broadcast(std::move(a), b);
  b = drop_broadcast(std::move(b), a);
  a = sum_others(std::move(a), joined(keep, b.labels));
  b = sum_others(std::move(b), joined(keep, a.labels));
  Labels batch, left, right, inner;
  for (Label l : a.labels) (!has(b.labels, l) ? left : has(keep, l) ? batch : inner).push_back(l);
  for (Label l : b.labels)
    if (!has(a.labels, l)) right.push_back(l);

  const Tensor xa = arranged(a, joined(joined(batch, left), inner));
  const Tensor xb = arranged(b, joined(joined(batch, inner), right));
  Shape out(xa.shape().data(), batch.size() + left.size());
  for (size_t i = 0; i < right.size(); ++i)
    out.push_back(xb.shape()[static_cast<int>(batch.size() + inner.size() + i)]);
  const Labels labels = joined(joined(batch, left), right);
  if (inner.empty()) {  // no sum: a broadcast multiplication
    Shape wide(xa.shape());
    for (size_t i = 0; i < right.size(); ++i) wide.push_back(1);
    Shape tall(xb.shape().data(), batch.size());
    for (size_t i = 0; i < left.size(); ++i) tall.push_back(1);
    for (size_t i = 0; i < right.size(); ++i)
      tall.push_back(xb.shape()[static_cast<int>(batch.size() + i)]);
    return {reshape(xa, wide) * reshape(xb, tall), labels};
  }
  const int64_t n = product(xa.shape(), 0, batch.size());
  const int64_t rows = product(xa.shape(), batch.size(), left.size());
  const int64_t k = product(xa.shape(), batch.size() + left.size(), inner.size());
  const int64_t cols = product(xb.shape(), batch.size() + inner.size(), right.size());
  if (batch.empty())
    return {reshape(matmul(reshape(xa, {rows, k}), reshape(xb, {k, cols})), out), labels};
  return {reshape(matmul(reshape(xa, {n, rows, k}), reshape(xb, {n, k, cols})), out), labels};
}

// What a contraction of these two would leave, in elements.
double result_size(const Term& a, const Term& b, const Labels& keep) {
  double n = 1;
  for (size_t i = 0; i < a.labels.size(); ++i)
    if (has(keep, a.labels[i])) n *= static_cast<double>(a.x.shape()[static_cast<int>(i)]);
  for (size_t i = 0; i < b.labels.size(); ++i)
    if (has(keep, b.labels[i]) && !has(a.labels, b.labels[i]))
      n *= static_cast<double>(b.x.shape()[static_cast<int>(i)]);
  return n;
}

// Labels needed when terms i and j are gone.
Labels needed_by_others(const std::vector<Term>& terms, size_t i, size_t j, const Labels& output) {
  Labels keep = output;
  for (size_t t = 0; t < terms.size(); ++t)
    if (t != i && t != j) keep = joined(keep, terms[t].labels);
  return keep;
}

void contract_best_pair(std::vector<Term>& terms, const Labels& output) {
  size_t best_i = 0, best_j = 1;
  double best = -1;
  for (size_t i = 0; i < terms.size(); ++i)
    for (size_t j = i + 1; j < terms.size(); ++j) {
      const double size = result_size(terms[i], terms[j], needed_by_others(terms, i, j, output));
      if (best >= 0 && size >= best) continue;
      best = size;
      best_i = i;
      best_j = j;
    }
  const Labels keep = needed_by_others(terms, best_i, best_j, output);
  terms[best_i] = contract(terms[best_i], terms[best_j], keep);
  terms.erase(terms.begin() + static_cast<int64_t>(best_j));
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  const size_t arrow = equation.find("->");
  const std::vector<Subscript> inputs = parse_inputs(equation, equation.substr(0, arrow));
  if (inputs.size() != operands.size())
    reject(equation, "names " + std::to_string(inputs.size()) + " operands, got " +
                         std::to_string(operands.size()));
  std::vector<Term> terms;
  int ellipsis_rank = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    terms.push_back(make_term(equation, inputs[i], operands[i], i));
    const int letters = static_cast<int>(inputs[i].letters.size());
    ellipsis_rank = std::max(ellipsis_rank, operands[i].rank() - letters);
  }
  check_sizes(equation, terms);
  const Labels output =
      arrow == std::string_view::npos
          ? implicit_output(inputs, ellipsis_rank)
          : explicit_output(equation, equation.substr(arrow + 2), inputs, ellipsis_rank);
  while (terms.size() > 1) contract_best_pair(terms, output);
  const Term last = sum_others(terms[0], output);
  return arranged(last, output);
}

}  // namespace rush
