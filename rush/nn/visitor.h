// Walking over models. A model is any of these, nested at will:
//
//   - a plain struct (an aggregate): its members and their names are found by reflection;
//   - a class with `void fields(nn::Visitor& v)`, which names its members: v("weight", weight);
//   - a class with a static `fields()` list (base/fields.h);
//   - a vector, array, map, tuple, optional or unique_ptr of models or tensors.
//
// Everything that is done with models (parameters, state, printing, ...) is a Visitor and no
// template: the type of a model is erased at its first member.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "rush/base/fields.h"
#include "rush/nn/aggregate.h"
#include "rush/nn/mode.h"
#include "rush/tensor/tensor.h"

namespace rush::nn {

class Visitor;

// What is known of a model's type.
struct ModuleType {
  std::string_view name;                         // "Linear"
  void (*walk)(void* module, Visitor& visitor);  // shows every member to the visitor
  std::string (*describe)(const void* module);   // "Linear(784, 800)"; null: a struct of members
};

namespace detail {

template <typename T>
concept HasVisitFields = requires(T& x, Visitor& v) {
  x.fields(v);
};
template <typename T>
concept HasFieldList = requires {
  T::fields();
};
template <typename T>
concept HasDescribe = requires(const T& x) {
  { x.describe() } -> std::convertible_to<std::string>;
};
// A wrapper that hides a model of any type (any_module.h) says itself what is inside.
template <typename T>
concept IsErased = requires(const T& x) {
  { x.type() } -> std::same_as<const ModuleType*>;
  { x.address() } -> std::same_as<void*>;
};
template <typename T>
concept HasCall = requires {
  &T::operator();
};

template <typename T>
concept IsMap = requires(T& x) {
  typename T::mapped_type;
  x.begin();
};
template <typename T>
concept IsRange = requires(T& x) {
  typename T::value_type;
  x.begin();
  x.end();
}
&&!IsMap<T> && !std::is_convertible_v<const T&, std::string_view>;
template <typename T>
concept IsOptional = requires(T& x) {
  typename T::value_type;
  x.has_value();
  *x;
};
template <typename T>
concept IsPointer = requires(T& x) {
  typename T::element_type;
  x.get();
  *x;
};
template <typename T>
concept IsTuple = !IsRange<T> && requires {
  std::tuple_size<T>::value;
};

template <typename T>
constexpr bool is_module();

template <typename Tuple, size_t... I>
constexpr bool any_module(std::index_sequence<I...>) {
  return (is_module<std::remove_cv_t<std::tuple_element_t<I, Tuple>>>() || ...);
}

// Whether a member of type T can hold tensors, as far as its type tells.
template <typename T>
constexpr bool is_module() {
  if constexpr (std::is_same_v<T, Tensor>)
    return true;
  else if constexpr (!std::is_class_v<T> || std::is_same_v<T, Mode>)
    return false;
  else if constexpr (IsErased<T> || HasVisitFields<T> || HasFieldList<T> || HasDescribe<T>)
    return true;
  else if constexpr (IsMap<T>)
    return is_module<typename T::mapped_type>();
  else if constexpr (IsRange<T> || IsOptional<T>)
    return is_module<std::remove_cv_t<typename T::value_type>>();
  else if constexpr (IsPointer<T>)
    return is_module<std::remove_cv_t<typename T::element_type>>();
  else if constexpr (IsTuple<T>)
    return any_module<T>(std::make_index_sequence<std::tuple_size_v<T>>());
  else
    return std::is_aggregate_v<T> && !std::is_empty_v<T>;
}

template <typename T>
inline constexpr bool is_list = IsMap<T> || IsRange<T> || IsTuple<T>;

template <typename T>
void walk(void* module, Visitor& visitor);
template <typename T>
std::string describe(const void* module) {
  return static_cast<const T*>(module)->describe();
}
template <typename T>
constexpr ModuleType make_module_type() {
  std::string (*text)(const void*) = nullptr;
  if constexpr (HasDescribe<T>) text = describe<T>;
  return {is_list<T> && !HasVisitFields<T> ? "List" : type_name<T>(), walk<T>, text};
}
template <typename T>
inline constexpr ModuleType module_type = make_module_type<T>();

}  // namespace detail

// The type of a callable that is no model: a function or a lambda.
extern const ModuleType function_type;

// A model of any type, borrowed: what functions on models take. Made from the model itself.
class ModuleRef {
 public:
  template <typename T>
  requires(detail::is_module<T>() && !std::is_same_v<T, Tensor>) ModuleRef(const T& module)
      : ModuleRef(of(module)) {}
  ModuleRef(void* module, const ModuleType* type) : module_(module), type_(type) {}

  void* address() const { return module_; }
  const ModuleType* type() const { return type_; }
  std::string describe() const { return type_->describe ? type_->describe(module_) : ""; }
  void walk(Visitor& visitor) const { type_->walk(module_, visitor); }

 private:
  template <typename T>
  static ModuleRef of(const T& module) {
    if constexpr (detail::IsErased<T>)
      return {module.address(), module.type()};
    else
      return {const_cast<T*>(&module), &detail::module_type<T>};
  }

  void* module_;
  const ModuleType* type_;
};

// Sees the tensors, switches and modules of a model in order of their members, each with its path
// ("layers.0.weight"). A subclass overrides what it wants to see.
class Visitor {
 public:
  virtual ~Visitor() = default;
  Visitor() = default;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // What `fields` calls for each member; types that cannot hold a tensor are passed over.
  template <typename T>
  void operator()(std::string_view name, T& member) {
    using Plain = std::remove_cv_t<T>;
    if constexpr (std::is_same_v<Plain, Tensor>) {
      visit_tensor(name, const_cast<Tensor&>(member));
    } else if constexpr (std::is_same_v<Plain, bool>) {
      on_switch(name, const_cast<bool&>(member));
    } else if constexpr (std::is_same_v<Plain, Mode>) {
      on_mode(name, const_cast<Mode&>(member));
    } else if constexpr (detail::IsErased<Plain> || detail::HasVisitFields<Plain> ||
                         detail::HasFieldList<Plain>) {
      visit_module(name, ModuleRef(member));
    } else if constexpr (detail::is_module<Plain>()) {
      if constexpr (detail::IsOptional<Plain>) {
        if (member.has_value()) (*this)(name, *member);
      } else if constexpr (detail::IsPointer<Plain>) {
        if (member.get() != nullptr) {
          if constexpr (requires { member.use_count(); }) on_shared(name);
          (*this)(name, *member);
        }
      } else {
        visit_module(name, ModuleRef(member));
      }
    }
  }
  void visit(const ModuleRef& root);  // without a name of its own

 protected:
  virtual void on_tensor(const std::string& /*path*/, Tensor&) {}
  virtual void on_switch(std::string_view /*name*/, bool&) {}  // a bool member
  virtual void on_mode(std::string_view /*name*/, Mode&) {}
  virtual void on_enter(const std::string& /*path*/, std::string_view /*name*/, const ModuleRef&) {}
  virtual void on_leave(const ModuleRef&) {}
  virtual void on_shared(std::string_view /*name*/) {}  // the next module is held by shared_ptr

 private:
  void visit_tensor(std::string_view name, Tensor& t);
  void visit_module(std::string_view name, const ModuleRef& module);
  size_t extend(std::string_view name);  // the path; returns its length before

  std::string path_;
};

namespace detail {

std::string index_name(size_t i);
inline std::string key_name(std::string_view key) { return std::string(key); }
inline std::string key_name(int64_t key) { return std::to_string(key); }

template <typename T>
void walk(void* module, Visitor& v) {
  T& x = *static_cast<T*>(module);
  if constexpr (HasVisitFields<T>) {
    x.fields(v);
  } else if constexpr (HasFieldList<T>) {
    for_each_field(x, v);
  } else if constexpr (IsMap<T>) {
    for (auto& [key, value] : x) v(key_name(key), value);
  } else if constexpr (IsRange<T>) {
    size_t i = 0;
    for (auto& item : x) v(index_name(i++), item);
  } else if constexpr (IsTuple<T>) {
    size_t i = 0;
    std::apply([&](auto&... item) { (v(index_name(i++), item), ...); }, x);
  } else if constexpr (std::is_aggregate_v<T> && !std::is_empty_v<T>) {
    with_members(x, [&](auto&... member) {
      [[maybe_unused]] size_t i = 0;
      (v(member_names<T>[i++], member), ...);
    });
  }
}

}  // namespace detail
}  // namespace rush::nn
