#include "rush/base/unknown.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <map>
#include <mutex>

#include "rush/base/shape.h"

namespace rush {
namespace {

// Large enough to be no likely size, small enough that the product of three and
// some channels fits an int64.
constexpr int64_t kFirst = 390'000;
constexpr int64_t kDistance = 1500;  // between stand-ins
constexpr size_t kMost = 1024;
constexpr int64_t kLargestOffset = 512, kLargestFactor = 16;  // together
constexpr int64_t kLargestExactFactor = int64_t{1} << 24;

struct Unknown {
  std::string name;
  bool is_anonymous = false, is_derived = false;
  int64_t others[kOtherValues] = {};
};

// Entries are appended and never change, so readers need only the count.
struct Table {
  std::mutex mutex;
  std::map<std::string, int64_t, std::less<>> by_name;
  std::atomic<size_t> count{0};
  int64_t numbers[kMost];
  Unknown unknowns[kMost];
};
Table& table() {
  static Table* t = new Table;
  return *t;
}

bool is_prime(int64_t n) {
  for (int64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return true;
}

bool is_near_multiple(int64_t n, int64_t of) {
  const int64_t rest = n % of;
  return std::min(rest, of - rest) <= kLargestOffset;
}

// Numbers that people write are round, and must not look like a size.
bool is_mistakable(int64_t n) {
  for (int64_t k = 1; k <= kLargestFactor; ++k)
    if (is_near_multiple(k * n, 10'000) || is_near_multiple(k * n, 1 << 15)) return true;
  return false;
}

int64_t prime_from(int64_t n) {
  while (!is_prime(n)) ++n;
  return n;
}

int64_t stand_in_for(const std::string& key, Unknown unknown) {
  Table& t = table();
  const std::scoped_lock lock(t.mutex);
  if (const auto found = t.by_name.find(key); found != t.by_name.end()) return found->second;
  const size_t i = t.count;
  if (i == kMost) fail("unknown size: there are more than ", kMost, " names");
  int64_t n = prime_from(i == 0 ? kFirst : t.numbers[i - 1] + kDistance);
  while (is_mistakable(n)) n = prime_from(n + 1);
  // Moderate sizes, so that products of two stay far from limits.
  constexpr int64_t kFirstOther = 1009, kFirstRound = 840, kRoundDistance = 24;
  unknown.others[0] = i == 0 ? kFirstOther : prime_from(t.unknowns[i - 1].others[0] + 1);
  unknown.others[1] = kFirstRound + kRoundDistance * static_cast<int64_t>(i);
  t.numbers[i] = n;
  t.unknowns[i] = std::move(unknown);
  t.by_name.emplace(key, n);
  t.count.store(i + 1, std::memory_order_release);
  return n;
}

const Unknown* find(int64_t stand_in) {
  const Table& t = table();
  for (size_t i = 0, n = t.count.load(std::memory_order_acquire); i < n; ++i)
    if (t.numbers[i] == stand_in) return &t.unknowns[i];
  return nullptr;
}

// The stand-ins that divide a number; empty: none does.
SizeTerm factors_of(int64_t value) {
  const Table& t = table();
  SizeTerm term;
  for (size_t i = 0, n = t.count.load(std::memory_order_acquire); i < n; ++i)
    for (; value != 0 && value % t.numbers[i] == 0; value /= t.numbers[i])
      term.unknowns.push_back(t.numbers[i]);
  term.factor = value;
  return term;
}

std::string name_of(int64_t stand_in) {
  const Unknown* u = find(stand_in);
  return u && !u->is_anonymous ? u->name : "?";
}

}  // namespace

int64_t unknown_size(std::string_view name) {
  return stand_in_for("n" + std::string(name), {.name = std::string(name)});
}

int64_t unknown_size(int axis) {
  return stand_in_for("a" + std::to_string(axis), {.name = "", .is_anonymous = true});
}

bool is_anonymous_size(int64_t stand_in) {
  const Unknown* u = find(stand_in);
  return u && u->is_anonymous;
}

bool is_derived_size(int64_t stand_in) {
  const Unknown* u = find(stand_in);
  return u && u->is_derived;
}

int64_t revalued_size(int64_t value, int set) {
  const std::optional<SizeTerm> term = decode_size(value);
  if (!term) return value;
  int64_t result = term->factor;
  for (int64_t u : term->unknowns) result *= find(u)->others[set];
  return result + term->offset;
}

int64_t derived_size(const std::array<int64_t, 1 + kOtherValues>& values) {
  std::string key = "d";
  for (int64_t v : values) key += std::to_string(v) + ",";
  return stand_in_for(key, {.name = "", .is_anonymous = true, .is_derived = true});
}

std::optional<SizeTerm> decode_size(int64_t value) {
  constexpr int64_t kLargest = INT64_MAX / 2;  // above are marks such as "to the end"
  if (std::abs(value) < kFirst - kLargestOffset || std::abs(value) > kLargest) return {};
  const Table& t = table();
  const size_t count = t.count.load(std::memory_order_acquire);
  if (count == 0) return {};
  for (int64_t offset : {0, -1, 1, -2, 2}) {
    SizeTerm term = factors_of(value - offset);
    term.offset = offset;
    if (!term.unknowns.empty() && std::abs(term.factor) <= kLargestExactFactor) return term;
  }
  std::optional<SizeTerm> best;
  for (size_t i = 0; i < count; ++i) {
    const int64_t u = t.numbers[i];
    const int64_t k = (value + (value < 0 ? -u / 2 : u / 2)) / u, rest = value - k * u;
    if (k == 0 || std::abs(k) > kLargestFactor || std::abs(rest) > kLargestOffset) continue;
    if (!best || std::abs(rest) < std::abs(best->offset)) best = SizeTerm{k, rest, {u}};
  }
  return best;
}

std::string size_text(int64_t value) {
  const std::optional<SizeTerm> term = decode_size(value);
  if (!term) return std::to_string(value);
  std::string text;
  if (term->factor == -1)
    text = "-";
  else if (term->factor != 1)
    text = std::to_string(term->factor) + "*";
  for (size_t i = 0; i < term->unknowns.size(); ++i)
    text += (i ? "*" : "") + name_of(term->unknowns[i]);
  if (term->offset > 0) text += "+";
  return term->offset == 0 ? text : text + std::to_string(term->offset);
}

std::string with_size_names(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
    constexpr size_t kShortest = 6, kLongest = 18;  // digits
    if (end - i >= kShortest && end - i <= kLongest)
      out += size_text(std::stoll(std::string(text.substr(i, end - i))));
    else
      out += text.substr(i, std::max<size_t>(end - i, 1));
    i = std::max(end, i + 1);
  }
  return out;
}

}  // namespace rush
