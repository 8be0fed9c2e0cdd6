// The two things that parity_cases does with layers (layers.h).
#pragma once

#include <string>

namespace rush::parity {

// Writes DIR/layers.json, DIR/layers.bin and DIR/ours.safetensors; returns how many cases failed.
int write_layers(const std::string& folder);
// Loads a file that PyTorch wrote into the network of ours.safetensors and writes it anew.
void exchange(const std::string& from, const std::string& to);

}  // namespace rush::parity
