// AnyModule: a layer of any type behind one type, for lists that are put together at run time.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rush/base/error.h"
#include "rush/nn/visitor.h"

namespace rush::nn {

// A value: copying copies the layer (whose tensors are shared, as in any copy; clone() separates
// them). Copying one that holds a layer that cannot be copied is an error.
class AnyModule {
 public:
  AnyModule() = default;
  template <typename Layer>
  requires(!std::is_same_v<std::remove_cvref_t<Layer>, AnyModule> &&
           std::is_invocable_r_v<Tensor, Layer&, const Tensor&>) AnyModule(Layer layer)
      : held_(std::make_unique<Held<Layer>>(std::move(layer))) {}
  AnyModule(const AnyModule& o) : held_(o.held_ ? o.held_->copy() : nullptr) {}
  AnyModule(AnyModule&&) noexcept = default;
  AnyModule& operator=(AnyModule o) noexcept {
    held_ = std::move(o.held_);
    return *this;
  }

  explicit operator bool() const { return held_ != nullptr; }
  Tensor operator()(const Tensor& x) const { return held().call(x); }
  // The layer inside; nullptr when its type is another.
  template <typename Layer>
  Layer* get() const {
    auto* typed = dynamic_cast<Held<Layer>*>(held_.get());
    return typed ? &typed->layer : nullptr;
  }
  // What is inside, as a model: this is how a visitor looks through.
  const ModuleType* type() const { return held_ ? held_->type() : &function_type; }
  void* address() const { return held_ ? held_->address() : nullptr; }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual Tensor call(const Tensor& x) = 0;
    virtual std::unique_ptr<Base> copy() const = 0;
    virtual const ModuleType* type() const = 0;
    virtual void* address() = 0;
  };
  template <typename Layer>
  struct Held final : Base {
    explicit Held(Layer l) : layer(std::move(l)) {}
    Tensor call(const Tensor& x) override { return layer(x); }
    std::unique_ptr<Base> copy() const override {
      if constexpr (std::is_copy_constructible_v<Layer>)
        return std::make_unique<Held>(layer);
      else
        fail("AnyModule: ", std::string(detail::type_name<Layer>()), " cannot be copied");
    }
    const ModuleType* type() const override {
      if constexpr (detail::is_module<Layer>())
        return &detail::module_type<Layer>;
      else
        return &function_type;
    }
    void* address() override { return &layer; }
    Layer layer;
  };
  Base& held() const {
    if (!held_) fail("AnyModule: it holds no layer");
    return *held_;
  }

  std::unique_ptr<Base> held_;
};

}  // namespace rush::nn
