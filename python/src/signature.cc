#include "signature.h"

#include <algorithm>
#include <stdexcept>

#include "rush/core/op.h"

namespace rush::python {
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Cut at commas outside of brackets and quotes.
std::vector<std::string_view> split_parameters(std::string_view s) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '(' || s[i] == '[') ++depth;
    if (s[i] == ')' || s[i] == ']') --depth;
    if (s[i] == ',' && depth == 0) {
      parts.push_back(trimmed(s.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (!trimmed(s.substr(begin)).empty()) parts.push_back(trimmed(s.substr(begin)));
  return parts;
}

// The value of a default: a Python literal.
Object value_of(std::string_view text) {
  const Object names(checked(PyDict_New()));
  if (PyDict_SetItemString(names.get(), "__builtins__", PyEval_GetBuiltins()) < 0)
    throw PythonError();
  return Object(
      checked(PyRun_String(std::string(text).c_str(), Py_eval_input, names.get(), names.get())));
}

}  // namespace

Overload parse_signature(std::string_view text, const std::vector<const char*>& types) {
  Overload o;
  o.text = text;
  const size_t open = text.find('(');
  if (open == text.npos || text.back() != ')')
    throw std::logic_error("a row needs a signature: " + o.text);
  bool keyword_only = false;
  for (std::string_view part : split_parameters(text.substr(open + 1, text.size() - open - 2))) {
    if (part == "*") {
      keyword_only = true;
      continue;
    }
    Parameter& p = o.parameters.emplace_back();
    p.takes_rest = part.front() == '*';
    p.keyword_only = keyword_only;
    if (p.takes_rest) part.remove_prefix(1);
    const size_t equals = part.find('=');
    p.name = trimmed(part.substr(0, equals));
    if (equals != part.npos) p.default_value = value_of(trimmed(part.substr(equals + 1)));
    if (!keyword_only) ++o.positional;
    if (p.takes_rest) keyword_only = true;
  }
  if (o.parameters.size() != types.size())
    throw std::logic_error(o.text + ": the function has " + std::to_string(types.size()) +
                           " parameters");
  for (size_t i = 0; i < types.size(); ++i) o.parameters[i].type = types[i];
  return o;
}

int find_parameter(const Overload& overload, std::string_view name) {
  const auto find = [&](std::string_view wanted) {
    const auto& ps = overload.parameters;
    const auto at = std::find_if(ps.begin(), ps.end(), [&](auto& p) { return p.name == wanted; });
    return at == ps.end() ? -1 : static_cast<int>(at - ps.begin());
  };
  if (const int at = find(name); at >= 0) return at;
  constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
      {"axis", "dim"},  {"keepdims", "keepdim"}, {"self", "input"}, {"x", "input"},
      {"x1", "input"},  {"x2", "other"},         {"input", "self"}, {"dim", "axis"},
      {"axes", "dims"}, {"a", "input"},          {"size", "shape"}, {"shape", "size"}};
  for (const auto& [alias, real] : kAliases)
    if (name == alias)
      if (const int at = find(real); at >= 0) return at;
  return -1;
}

std::string typed_text(const Overload& overload) {
  std::string text = overload.text.substr(0, overload.text.find('(')) + "(";
  bool keyword_only = false;
  for (const Parameter& p : overload.parameters) {
    if (text.back() != '(') text += ", ";
    if (p.keyword_only && !keyword_only && text.find('*') == text.npos) text += "*, ";
    keyword_only |= p.keyword_only;
    text += (p.takes_rest ? "*" : "") + p.name + ": " +
            (!p.takes_rest       ? p.type
             : p.takes_tensors() ? "Tensor"
                                 : "int");
    if (!p.default_value) continue;
    const Object shown(checked(PyObject_Repr(p.default_value.get())));
    text += std::string(" = ") + PyUnicode_AsUTF8(shown.get());
  }
  return text + ")";
}

const char* doc_of_op(const std::string& name) {
  const Op* op = find_op(name);
  return op && !op->doc.empty() ? op->doc.c_str() : nullptr;
}

}  // namespace rush::python
