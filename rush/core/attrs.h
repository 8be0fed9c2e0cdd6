// Attributes of an op, type-erased. An attribute struct lists its members once (base/fields.h);
// printing, equality and hashing are derived here, keywords and export later from the same list.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rush/base/dtype.h"
#include "rush/base/error.h"
#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// A change of every number in an attribute struct that may stem from a size: how graphs replace
// sizes that were unknown when they were written down.
struct NumberMap {
  std::function<int64_t(int64_t)> whole;
  std::function<double(double)> real;
};

// What can be done with a value of some attribute struct.
struct AttrType {
  size_t size;
  void* (*clone)(const void*);
  void (*destroy)(void*);
  bool (*equal)(const void*, const void*);
  size_t (*hash)(const void*);
  std::string (*print)(const void*);  // "stride=[2, 2], padding=[0, 0]"
  std::vector<std::string> (*names)();
  void (*map_numbers)(void*, const NumberMap&);
};

namespace detail {
inline std::string attr_text(const std::string& v) { return "'" + v + "'"; }
template <typename T>
std::string attr_text(const T& v) {
  if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>)
    return std::to_string(static_cast<int>(v));
  else
    return Part(v).text();
}
template <typename T>
std::string attr_text(const std::optional<T>& v) {
  return v ? attr_text(*v) : "none";
}
template <typename T>
std::string attr_text(const std::vector<T>& v) {
  std::string text = "[";
  for (const T& item : v) text += (text.size() > 1 ? ", " : "") + attr_text(item);
  return text + "]";
}

template <typename A>
std::string print_attrs(const void* p) {
  std::string text;
  for_each_field(*static_cast<const A*>(p), [&](const char* name, const auto& value) {
    if (!text.empty()) text += ", ";
    text += std::string(name) + "=" + attr_text(value);
  });
  return text;
}
template <typename A>
bool equal_attrs(const void* a, const void* b) {
  bool equal = true;
  std::apply(
      [&](auto... field) {
        equal = ((static_cast<const A*>(a)->*(field.member) ==
                  static_cast<const A*>(b)->*(field.member)) &&
                 ...);
      },
      A::fields());
  return equal;
}
template <typename A>
size_t hash_attrs(const void* p) {
  return std::hash<std::string>()(print_attrs<A>(p));
}
inline void map_number(int64_t& v, const NumberMap& map) { v = map.whole(v); }
inline void map_number(double& v, const NumberMap& map) { v = map.real(v); }
inline void map_number(Dims& d, const NumberMap& map) {
  for (int64_t& v : d) v = map.whole(v);
}
template <typename T>
void map_number(std::optional<T>& v, const NumberMap& map) {
  if (v) map_number(*v, map);
}
template <typename T>
void map_number(std::vector<T>& list, const NumberMap& map) {
  for (T& v : list) map_number(v, map);
}
template <typename T>
requires(std::is_enum_v<T> || std::is_same_v<T, bool> || std::is_same_v<T, int> ||
         std::is_same_v<T, std::string>) void map_number(T&, const NumberMap&) {}

template <typename A>
void map_attr_numbers(void* p, const NumberMap& map) {
  for_each_field(*static_cast<A*>(p), [&](const char*, auto& v) { map_number(v, map); });
}

template <typename A>
std::vector<std::string> attr_names() {
  std::vector<std::string> names;
  std::apply([&](auto... field) { (names.emplace_back(field.name), ...); }, A::fields());
  return names;
}
}  // namespace detail

template <typename A>
const AttrType* attr_type() {
  static constexpr AttrType type{
      sizeof(A),
      [](const void* p) -> void* { return new A(*static_cast<const A*>(p)); },
      [](void* p) { delete static_cast<A*>(p); },
      detail::equal_attrs<A>,
      detail::hash_attrs<A>,
      detail::print_attrs<A>,
      detail::attr_names<A>,
      detail::map_attr_numbers<A>};
  return &type;
}

// A borrowed attribute struct, as passed to apply(): made from the struct itself.
struct AttrRef {
  const AttrType* type = nullptr;
  const void* data = nullptr;
  AttrRef() = default;
  AttrRef(const AttrType* t, const void* d) : type(t), data(d) {}
  template <typename A>
  requires requires { A::fields(); }
  AttrRef(const A& attrs) : type(attr_type<A>()), data(&attrs) {}
};

// An owned one, as kept by a node.
class AttrBox {
 public:
  AttrBox() = default;
  explicit AttrBox(AttrRef r) : type_(r.type), data_(r.data ? r.type->clone(r.data) : nullptr) {}
  AttrBox(const AttrBox& o) : AttrBox(o.ref()) {}
  AttrBox(AttrBox&& o) noexcept : type_(o.type_), data_(std::exchange(o.data_, nullptr)) {}
  AttrBox& operator=(AttrBox o) noexcept {
    std::swap(type_, o.type_);
    std::swap(data_, o.data_);
    return *this;
  }
  ~AttrBox() {
    if (data_) type_->destroy(data_);
  }
  AttrRef ref() const { return {type_, data_}; }
  void* mutable_data() { return data_; }
  const void* data() const { return data_; }
  std::string text() const { return data_ ? type_->print(data_) : ""; }

 private:
  const AttrType* type_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace rush
