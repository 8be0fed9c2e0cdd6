// Dictionaries of arrays, by what a pickle machine finds in the file: the few names and calls that
// NumPy writes arrays with, each done by hand.
#include "rush/io/npy_dict.h"

#include <algorithm>
#include <cstring>

#include "rush/base/file.h"
#include "rush/io/npy.h"
#include "rush/io/pickle.h"

namespace rush::io {
namespace {

using namespace pickle;

class Unpickler final : public Machine {
 public:
  using Machine::Machine;

  State read() {
    const Value last = run();
    const auto* saved = std::get_if<Array*>(&last);
    const Items* objects = saved ? (*saved)->objects : nullptr;
    const Value& value = objects && objects->values.size() == 1 ? objects->values[0] : last;
    const auto* dict = std::get_if<Dict*>(&value);
    if (!dict) bad("the object is no dictionary of arrays");
    State state;
    for (const auto& [name, a] : (*dict)->entries) state.emplace_back(name, tensor_of(name, *a));
    return state;
  }

 private:
  // One array may have several names, and is copied for each.
  static constexpr size_t kMostCopies = 16;

  void set_item(const Value& key, const Value& value) override {
    auto& dict = top_as<Dict*>("a dictionary");
    const auto* name = std::get_if<std::string_view>(&key);
    if (!name) bad("a key is no text");
    const auto* array = std::get_if<Array*>(&value);
    if (!array) bad("the value of '" + std::string(*name) + "' is no array");
    if (!dict->names.insert(*name).second) bad("'" + std::string(*name) + "' comes twice");
    dict->entries.emplace_back(*name, *array);
  }

  void push_global(const std::string& module, const std::string& name) override {
    static constexpr std::string_view kKnown[] = {"numpy.dtype",
                                                  "numpy.ndarray",
                                                  "_codecs.encode",
                                                  "__builtin__.bytes",
                                                  "numpy.core.multiarray._reconstruct",
                                                  "numpy._core.multiarray._reconstruct",
                                                  "numpy.core.numeric._frombuffer",
                                                  "numpy._core.numeric._frombuffer"};
    const std::string full = module + "." + name;
    if (std::find(std::begin(kKnown), std::end(kKnown), full) == std::end(kKnown))
      bad("the file names " + full + ", which has no place in a dictionary of arrays; refused");
    push(Global{full});
  }

  // The calls that arrays are pickled with, each done by hand.
  void reduce() override {
    const auto arguments = pop_as<Items*>("arguments");
    const Items& args = *arguments;
    const auto callee = pop_as<Global>("a function");
    const std::string_view name = callee.name;
    if (name == "numpy.dtype") {
      auto* t = make<Type>();
      t->code = text(args, 0, "a type code");
      push(t);
    } else if (name.ends_with("_reconstruct")) {
      push(make<Array>());
    } else if (name.ends_with("_frombuffer")) {
      auto array = make<Array>();
      array->data = text(args, 0, "bytes");
      array->type = type(args, 1);
      set_shape(*array, args, 2);
      array->fortran = text(args, 3, "an order") == "F";
      array->is_built = true;
      push(std::move(array));
    } else if (name == "_codecs.encode") {  // bytes in protocol 2: text of code points below 256
      push(latin1(text(args, 0, "text")));
    } else if (name == "__builtin__.bytes" && args.values.empty()) {  // none, in protocol 2
      push(std::string_view());
    } else {
      bad("a call of " + callee.name + " is refused");
    }
  }

  // State for a dtype: (version, byte order, ...); for an array: (version, shape, dtype, order,
  // data).
  void build() override {
    const auto held = pop_as<Items*>("a state");
    const Items& state = *held;
    if (is_empty()) bad("the stack is empty");
    if (auto* t = std::get_if<Type*>(&top())) {
      (*t)->swapped = text(state, 1, "a byte order") == ">";
      return;
    }
    auto& array = *top_as<Array*>("an array or type");
    set_shape(array, state, 1);
    array.type = type(state, 2);
    const auto* fortran = get<bool>(state, 3);
    if (!fortran) bad("expected an order");
    array.fortran = *fortran;
    if (const auto* objects = get<Items*>(state, 4)) {
      array.objects = *objects;
      return;
    }
    array.data = text(state, 4, "bytes");
    array.is_built = true;
  }

  template <typename T>
  static const T* get(const Items& items, size_t i) {
    return i < items.values.size() ? std::get_if<T>(&items.values[i]) : nullptr;
  }
  std::string_view text(const Items& items, size_t i, const char* what) const {
    const auto* t = get<std::string_view>(items, i);
    if (!t) bad(std::string("expected ") + what);
    return *t;
  }
  Type type(const Items& items, size_t i) const {
    const auto* t = get<Type*>(items, i);
    if (!t) bad("expected an element type");
    return **t;
  }
  void set_shape(Array& array, const Items& items, size_t i) const {
    const auto* sizes = get<Items*>(items, i);
    if (!sizes || (*sizes)->values.size() > static_cast<size_t>(kMaxRank)) bad("expected a shape");
    array.shape.clear();
    for (const Value& v : (*sizes)->values) {
      const auto* size = std::get_if<int64_t>(&v);
      if (!size || *size < 0) bad("expected a size");
      array.shape.push_back(*size);
    }
  }
  std::string_view latin1(std::string_view utf8) {
    converted_bytes_ += utf8.size();
    if (converted_bytes_ > text_size()) bad("the same text is converted again and again");
    std::string& out = converted_.emplace_back();
    for (size_t i = 0; i < utf8.size(); ++i) {
      const auto c = static_cast<uint8_t>(utf8[i]);
      if (c < 0x80) {
        out += utf8[i];
        continue;
      }
      const bool is_two = (c == 0xc2 || c == 0xc3) && i + 1 < utf8.size();
      if (!is_two) bad("text that is no bytes");
      out += static_cast<char>((c & 3) << 6 | (static_cast<uint8_t>(utf8[++i]) & 0x3f));
    }
    return out;
  }

  // As an .npy file of its own, which checks type and sizes.
  Tensor tensor_of(const std::string& name, const Array& a) {
    if (!a.is_built) bad("array '" + name + "' has no content");
    tensor_bytes_ += a.data.size();
    if (tensor_bytes_ > kMostCopies * text_size())
      bad("arrays under several names would take more than " + std::to_string(kMostCopies) +
          " times the memory of the file");
    std::string shape;
    for (int64_t size : a.shape) shape += std::to_string(size) + ", ";
    const std::string header =
        "{'descr': '" + std::string(a.type.swapped ? ">" : "<") + std::string(a.type.code) +
        "', 'fortran_order': " + (a.fortran ? "True" : "False") + ", 'shape': (" + shape + "), }\n";
    std::string file = "\x93NUMPY\x01";
    file += '\0';
    file += {static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
    return detail::parse_npy(where() + "'" + name + "' ", file + header + std::string(a.data));
  }

  std::deque<std::string> converted_;
  size_t converted_bytes_ = 0, tensor_bytes_ = 0;
};

}  // namespace

State detail::parse_array_dict(const std::string& where, std::string_view text) {
  return Unpickler(where, text).read();
}

State load_npy_dict(const std::string& path) {
  const std::string where = "npy: " + path + ": ";
  const std::string content = read_file("npy", path, UINT64_MAX);
  const size_t start = detail::object_data(where, content);
  return detail::parse_array_dict(where, std::string_view(content).substr(start));
}

}  // namespace rush::io
