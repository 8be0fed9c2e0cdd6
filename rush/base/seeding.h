// Called when the default generator is about to be seeded on this thread: traces want to know.
#pragma once
namespace rush {
using SeedingListener = void (*)();
inline constinit thread_local SeedingListener t_seeding = nullptr;
}  // namespace rush
