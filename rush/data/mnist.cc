#include "rush/data/mnist.h"

#include <filesystem>

#include "rush/data/download.h"
#include "rush/data/folders.h"
#include "rush/data/idx.h"

namespace rush::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 28, kClasses = 10;

struct MnistFile {
  const char* name;
  const char* sha256;  // of the gzipped file as the mirrors have it
  uint64_t bytes;
};
constexpr MnistFile kFiles[] = {
    {"train-images-idx3-ubyte.gz",
     "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9912422},
    {"train-labels-idx1-ubyte.gz",
     "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881},
    {"t10k-images-idx3-ubyte.gz",
     "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1648877},
    {"t10k-labels-idx1-ubyte.gz",
     "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542},
};
constexpr const char* kMirrors[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
};

// The path of `name`, plain or gzipped, in one of the usual places below `folder`; empty if none.
std::string find_file(const std::string& folder, const std::string& name) {
  std::error_code error;
  for (const char* inner : {"", "mnist", "MNIST/raw"})
    for (const char* ending : {".gz", ""}) {
      const fs::path path = fs::path(folder) / inner / (name + ending);
      if (fs::is_regular_file(path, error)) return path.string();
    }
  return {};
}

std::string need_file(const std::string& folder, const std::string& name) {
  const std::string path = find_file(folder, name);
  if (path.empty())
    fail<IoError>("mnist: ", folder, ": has neither ", name, ".gz nor ", name,
                  ", in itself or in its folder mnist; put the four MNIST files there or ask for a "
                  "download");
  return path;
}

Tensor read_images(const std::string& path) {
  const Tensor images = read_idx(path);
  const bool fine = images.dtype() == DType::kUInt8 && images.rank() == 3 &&
                    images.size(1) == kSide && images.size(2) == kSide;
  if (!fine)
    fail<IoError>("mnist: ", path, ": images should be uint8 [N, 28, 28], found ", images.dtype(),
                  " ", images.shape());
  return Tensor::copy_of(images.raw(), static_cast<size_t>(images.numel()),
                         {images.size(0), 1, kSide, kSide}, DType::kUInt8);
}

Tensor read_labels(const std::string& path) {
  const Tensor labels = read_idx(path);
  if (labels.dtype() != DType::kUInt8 || labels.rank() != 1)
    fail<IoError>("mnist: ", path, ": labels should be uint8 [N], found ", labels.dtype(), " ",
                  labels.shape());
  Tensor wide = Tensor::empty(labels.shape(), DType::kInt64);
  for (int64_t i = 0; i < labels.numel(); ++i) {
    const int64_t label = labels.data<uint8_t>()[i];
    if (label >= kClasses)
      fail<IoError>("mnist: ", path, ": label ", i, " is ", label, ", not in 0 to 9");
    wide.data<int64_t>()[i] = label;
  }
  return wide;
}

TensorDataset<2> read_pair(const std::string& folder, const std::string& part) {
  const std::string image_path = need_file(folder, part + "-images-idx3-ubyte");
  const std::string label_path = need_file(folder, part + "-labels-idx1-ubyte");
  const Tensor images = read_images(image_path), labels = read_labels(label_path);
  if (images.size(0) != labels.size(0))
    fail<IoError>("mnist: ", image_path, ": has ", images.size(0), " images, but ", label_path,
                  " has ", labels.size(0), " labels");
  return TensorDataset<2>(images, labels);
}

std::string choose_folder(const MnistOptions& options) {
  if (options.download)
    return download_mnist(options.folder.empty() ? cache_folder() + "/mnist" : options.folder);
  return options.folder.empty() ? digits_folder() : options.folder;
}

}  // namespace

MnistDataset::MnistDataset(const MnistOptions& options)
    : folder_(choose_folder(options)),
      data_(read_pair(folder_, options.train ? "train" : "t10k")) {}

std::string download_mnist(const std::string& folder) {
  std::vector<Download> missing;
  for (const MnistFile& file : kFiles) {
    const std::string name = file.name;
    if (!find_file(folder, name.substr(0, name.size() - 3)).empty()) continue;
    Download one{.name = name, .sha256 = file.sha256, .bytes = file.bytes};
    for (const char* mirror : kMirrors) one.urls.push_back(mirror + name);
    missing.push_back(one);
  }
  download(folder, missing);
  return folder;
}

}  // namespace rush::data
