// Printing models as an indented tree:
//
//   Net(
//     (fc1): Linear(784, 800), 628,000 parameters
//     (drop): Dropout(0.5)
//   ), 628,000 parameters
#include <vector>

#include "rush/nn/module.h"

namespace rush {
namespace {

std::string with_commas(int64_t n) {
  std::string text = std::to_string(n);
  for (int64_t at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3) text.insert(at, ",");
  return text;
}

std::string count_text(int64_t n) {
  if (n == 0) return "";
  return ", " + with_commas(n) + (n == 1 ? " parameter" : " parameters");
}

class TreePrinter : public nn::Visitor {
 public:
  std::string text() const { return result_; }

 protected:
  void on_enter(const std::string&, std::string_view name, const nn::ModuleRef& m) override {
    const bool is_leaf = m.type()->describe != nullptr;
    open_.push_back({std::string(name), is_leaf ? m.describe() : "", is_leaf, "", {}});
  }
  void on_tensor(const std::string& path, Tensor& t) override {
    if (is_floating(t.dtype()) && t.requires_grad()) open_.back().parameters.push_back(t);
    if (open_.back().is_leaf) return;
    const std::string name = path.substr(path.rfind('.') + 1);
    add_line("(" + name + "): " + to_text(t.dtype()) + to_text(t.shape()));
  }
  void on_leave(const nn::ModuleRef& m) override {
    const Open done = std::move(open_.back());
    open_.pop_back();
    std::string text = done.text;
    if (!done.is_leaf)
      text =
          std::string(m.type()->name) + (done.members.empty() ? "()" : "(\n" + done.members + ")");
    else if (!done.members.empty())
      text += " {\n" + done.members + "}";
    text += count_text(distinct_elements(done.parameters));
    if (open_.empty()) {
      result_ = text;
      return;
    }
    // A struct that holds no module, such as a set of options, is no part of the picture.
    if (!done.is_leaf && done.members.empty()) return;
    for (const Tensor& t : done.parameters) open_.back().parameters.push_back(t);
    add_line("(" + done.name + "): " + text);
  }

 private:
  struct Open {  // a module whose members are being visited
    std::string name, text;
    bool is_leaf;
    std::string members;  // finished lines
    std::vector<Tensor> parameters;
  };

  static int64_t distinct_elements(const std::vector<Tensor>& tensors) {
    int64_t count = 0;
    for (size_t i = 0; i < tensors.size(); ++i) {
      bool is_new = true;
      for (size_t j = 0; j < i; ++j) is_new = is_new && !tensors[i].is_same(tensors[j]);
      if (is_new) count += tensors[i].numel();
    }
    return count;
  }

  void add_line(const std::string& text) {
    std::string& members = open_.back().members;
    members += "  ";
    for (char c : text) members += c == '\n' ? std::string("\n  ") : std::string(1, c);
    members += '\n';
  }

  std::vector<Open> open_;
  std::string result_;
};

}  // namespace

std::string to_string(const nn::ModuleRef& model) {
  TreePrinter printer;
  printer.visit(model);
  return printer.text();
}

}  // namespace rush
