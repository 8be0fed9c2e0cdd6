#include "classes.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <random>

#include "construct.h"
#include "dtype_object.h"
#include "generator_state.h"
#include "rush/base/error.h"
#include "rush/base/random.h"
#include "tensor_object.h"

namespace rush::python {

namespace nb = nanobind;

namespace {

// Where tensors live. Any name may be written down; only the CPU can be used.
struct Device {
  std::string type;
  std::optional<int64_t> index;
  bool operator==(const Device&) const = default;
};
PyObject* the_cpu = nullptr;

std::string text_of(const Device& d) {
  return d.type + (d.index ? ":" + std::to_string(*d.index) : "");
}

Device device_of(const std::string& text, std::optional<int64_t> index) {
  const size_t colon = text.find(':');
  Device d{text.substr(0, colon), index};
  if (d.type.empty()) fail("device: expected a name such as 'cpu'; got '", text, "'");
  if (colon == text.npos) return d;
  const std::string number = text.substr(colon + 1);
  if (index || number.empty() || number.find_first_not_of("0123456789") != number.npos ||
      number.size() > 9)
    fail("device: expected 'name' or 'name:number'; got '", text, "'");
  d.index = std::stoll(number);
  return d;
}

void make_device(nb::module_& m) {
  nb::class_<Device>(m, "device", "A device by name. The engine runs on the CPU.")
      .def(
          "__init__",
          [](Device* d, const std::string& type, std::optional<int64_t> index) {
            new (d) Device(device_of(type, index));
          },
          nb::arg("type"), nb::arg("index") = nb::none())
      .def(
          "__init__", [](Device* d, const Device& other) { new (d) Device(other); },
          nb::arg("type"))
      .def_ro("type", &Device::type)
      .def_prop_ro("index", [](const Device& d) { return d.index; })
      .def("__str__", text_of)
      .def("__repr__",
           [](const Device& d) {
             return "device(type='" + d.type +
                    (d.index ? "', index=" + std::to_string(*d.index) : "'") + ")";
           })
      .def("__eq__",
           [](const Device& d, nb::handle other) {
             return nb::isinstance<Device>(other) && d == nb::cast<const Device&>(other);
           })
      .def("__hash__", [](const Device& d) { return std::hash<std::string>()(text_of(d)); })
      .def("__reduce__",
           [](nb::handle self) {
             return nb::make_tuple(self.type(), nb::make_tuple(nb::str(self)));
           })
      .def("__enter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__exit__", [](nb::handle, nb::args) {});
  const nb::object cpu = nb::cast(Device{"cpu", {}});
  m.attr("_cpu") = cpu;  // which keeps it alive
  the_cpu = cpu.ptr();
}

void make_generator(nb::module_& m) {
  nb::class_<Generator>(m, "Generator", "A source of random numbers: PyTorch's for a seed.")
      .def(
          "__init__", [](Generator* g, nb::object) { new (g) Generator(); },
          nb::arg("device") = "cpu")
      .def(
          "manual_seed",
          [](nb::handle self, nb::int_ seed) {
            nb::cast<Generator&>(self).manual_seed(seed_of(seed));
            return nb::borrow(self);
          },
          nb::arg("seed"), "Starts the stream of a seed.")
      .def("initial_seed", &Generator::seed, "The seed the stream started from.")
      .def(
          "seed",
          [](Generator& g) {
            std::random_device entropy;
            const uint64_t high = entropy();
            g.manual_seed(high << 32 | entropy());
            return g.seed();
          },
          "Starts the stream of a seed from the system's random numbers, and returns that.")
      .def(
          "get_state", [](Generator& g) { return nb::steal(wrap(generator_state(g))); },
          "The state as a tensor of bytes, in PyTorch's layout.")
      .def(
          "set_state",
          [](nb::handle self, nb::handle state) {
            if (!is_tensor(state.ptr()))
              fail<TypeError>("set_state: expected a Tensor that get_state gave");
            set_generator_state(nb::cast<Generator&>(self), tensor_of(state.ptr()));
            return nb::borrow(self);
          },
          nb::arg("new_state"), "Continues where the state was taken.")
      .def("clone_state",
           [](Generator& g) {
             nb::object copy = nb::type<Generator>()();
             nb::cast<Generator&>(copy).set_state(g.state());
             return copy;
           })
      .def_prop_ro("device", [](const Generator&) { return nb::borrow(the_cpu); })
      .def("_draw64", [](Generator& g) {
        const auto lock = g.lock();
        return g.random64();
      });
  m.attr("default_generator") = nb::cast(&default_generator(), nb::rv_policy::reference);
}

}  // namespace

uint64_t seed_of(nb::int_ seed) {
  // Negative seeds count from the end, as PyTorch's do.
  const nb::object bits =
      nb::steal(PyNumber_And(seed.ptr(), nb::int_(static_cast<unsigned long long>(~0ull)).ptr()));
  return nb::cast<uint64_t>(bits);
}

bool is_device(PyObject* o) { return nb::isinstance<Device>(nb::handle(o)); }
PyObject* cpu_device() { return the_cpu; }

void make_classes(nb::module_& m) {
  make_device(m);
  make_generator(m);
}

}  // namespace rush::python
