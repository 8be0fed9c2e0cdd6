#include "digit_net.h"

#include "rush/data/transforms.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"
#include "rush/ops/unary.h"

namespace rush::app {
namespace {

constexpr const char *kKey = "architecture", *kArchitecture = "rushlight-digits-1";

}  // namespace

Tensor DigitNet::operator()(const Tensor& x) const {
  const Tensor a = max_pool2d(relu(conv1(x)), 2);  // [N, 16, 14, 14]
  const Tensor b = max_pool2d(relu(conv2(a)), 2);  // [N, 32, 5, 5]
  return fc2(drop(relu(fc1(b.flatten(1)))));
}

Tensor normalized(const Tensor& images) {
  data::Random unused(0);
  return data::Normalize{{kPixelMean}, {kPixelStd}}(images, unused);
}

void save_digit_net(const std::string& path, const DigitNet& net, Metadata more) {
  more[kKey] = kArchitecture;
  more["rushlight"] = RUSH_VERSION;
  save(path, net, more);
}

DigitNet load_digit_net(const std::string& path) {
  const Metadata metadata = load_metadata(path);
  const auto at = metadata.find(kKey);
  if (at == metadata.end() || at->second != kArchitecture)
    fail<IoError>("predict: ", path, ": should hold the network ", kArchitecture, ", found ",
                  at == metadata.end() ? "no architecture in its metadata" : at->second,
                  "; make one with 'rushlight train digits'");
  DigitNet net;
  load(path, net);
  eval(net);
  return net;
}

}  // namespace rush::app
