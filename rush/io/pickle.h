// A machine for pickles, Python's files of objects, that knows the instructions which arrays and
// dictionaries of them are written with. It executes nothing: what a file names or calls is told to
// the class derived from it, which knows the few answers there are (npy_dict.cc).
//
// Files are untrusted: every read is checked, and memory stays within a multiple of the file's
// size.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "rush/base/error.h"

namespace rush::io::pickle {

// What a pickle of arrays consists of. Text and bytes are views of the file.
struct Value;
struct Items {  // a list or tuple
  std::vector<Value> values;
};
struct Mark {};
struct None {};
struct Global {
  std::string name;  // "numpy.dtype"
};
struct Type {  // numpy.dtype('<f4')
  std::string_view code;
  bool swapped = false;
};
struct Array {
  bool is_built = false;
  Type type;
  std::vector<int64_t> shape;
  bool fortran = false;
  std::string_view data;
  Items* objects = nullptr;  // instead of data
};
struct Dict {
  std::vector<std::pair<std::string, Array*>> entries;
  std::unordered_set<std::string_view> names;
};
// The memo may put a value on the stack again, so larger ones are pointed to.
struct Value : std::variant<Mark, None, bool, int64_t, std::string_view, Global, Items*, Type*,
                            Array*, Dict*> {
  using variant::variant;
};

class Machine {
 public:
  Machine(const std::string& where, std::string_view text) : where_(where), text_(text) {}
  virtual ~Machine() = default;

 protected:
  // Runs to the end; the one value that is left.
  Value run();
  [[noreturn]] void bad(const std::string& what) const;

  virtual void push_global(const std::string& module, const std::string& name) = 0;
  virtual void reduce() = 0;  // on the stack: a function and its arguments
  virtual void build() = 0;   // on the stack: an object and its state
  virtual void set_item(const Value& key, const Value& value) = 0;

  // A pickle may tie its values into rings, so all of them live as long as the machine.
  template <typename T>
  T* make() {
    return &std::get<std::deque<T>>(owned_).emplace_back();
  }
  void push(Value v) { stack_.push_back(std::move(v)); }
  bool is_empty() const { return stack_.empty(); }
  Value& top() { return stack_.back(); }
  Value pop();
  template <typename T>
  T pop_as(const char* what) {
    Value v = pop();
    if (auto* typed = std::get_if<T>(&v)) return std::move(*typed);
    bad(std::string("expected ") + what);
  }
  template <typename T>
  T& top_as(const char* what) {
    if (!stack_.empty())
      if (auto* typed = std::get_if<T>(&stack_.back())) return *typed;
    bad(std::string("expected ") + what);
  }
  size_t text_size() const { return text_.size(); }
  const std::string& where() const { return where_; }

 private:
  std::string_view bytes(uint64_t count);
  uint8_t byte() { return static_cast<uint8_t>(bytes(1)[0]); }
  uint64_t number(size_t width);
  std::string line();
  Items* pop_to_mark();
  void push_tuple(size_t count);
  void recall(uint64_t key);
  void remember(uint64_t key);
  void push_text(uint64_t size) { stack_.push_back(bytes(size)); }
  void step(uint8_t op);
  bool step_scalar(uint8_t op);
  bool step_container(uint8_t op);
  bool step_object(uint8_t op);

  const std::string& where_;
  std::string_view text_;
  size_t at_ = 0;
  std::vector<Value> stack_;
  std::unordered_map<uint64_t, Value> memo_;
  std::tuple<std::deque<Items>, std::deque<Type>, std::deque<Array>, std::deque<Dict>> owned_;
};

}  // namespace rush::io::pickle
