// Data loading: an epoch of shuffled batches of images, as they are and with the usual transforms.
#include "bench/micro/micro.h"
#include "rush/data/loader.h"
#include "rush/data/map.h"
#include "rush/data/tensor_dataset.h"
#include "rush/data/transforms.h"
#include "rush/ops/random.h"

namespace rush::bench {
namespace {

constexpr int64_t kImages = 4096, kBatch = 64;

template <typename D>
void run_epochs(benchmark::State& state, const D& dataset) {
  data::DataLoader loader(
      dataset,
      {.batch_size = kBatch, .shuffle = true, .workers = static_cast<int>(state.range(0))});
  for (auto _ : state)
    for (const auto& batch : loader) benchmark::DoNotOptimize(batch[0].numel());
  state.SetItemsProcessed(state.iterations() * kImages);
}

data::TensorDataset<2> images() {
  return data::TensorDataset(randint(0, 256, {kImages, 3, 32, 32}).to(uint8),
                             randint(0, 10, {kImages}));
}

void images_as_they_are(benchmark::State& state) { run_epochs(state, images()); }
BENCHMARK(images_as_they_are)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

void images_as_floats(benchmark::State& state) {
  run_epochs(state, data::transformed(images(), data::ToFloat{}));
}
BENCHMARK(images_as_floats)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

void images_cropped_and_flipped(benchmark::State& state) {
  run_epochs(state,
             data::transformed(images(), data::Compose(data::ToFloat{}, data::RandomCrop{32, 32, 4},
                                                       data::RandomFlip{})));
}
BENCHMARK(images_cropped_and_flipped)->Arg(0)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
}  // namespace rush::bench
