#include "collectors/unwind/stack_names.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/hash.h"

namespace proctor {
namespace {

/// Beginnings of the names of files that only wait for others; the JVM's own frames say nothing of the Java code.
constexpr auto kLibraries =
    std::to_array<std::string_view>({"libc.so", "libc-", "libpthread", "libm.so", "ld-linux", "ld-musl", "libstdc++",
                                     "libc++", "libgcc_s", "libjvm.so", "[vdso]"});
/// Beginnings of functions of the C++ and Rust standard libraries that a program's own file holds.
constexpr auto kFunctions = std::to_array<std::string_view>(
    {"std::", "__gnu_cxx::", "__gthread", "core::", "<std::", "alloc::", "void std::", "bool std::", "__libc_",
     "__pthread_", "pthread_", "__futex_", "__GI_", "clone3"});

}  // namespace

std::string_view to_string(StackEnd end) {
  switch (end) {
    case StackEnd::complete: return "";
    case StackEnd::no_table: return "no unwind table";
    case StackEnd::made_at_run: return "jit";
    case StackEnd::lost_register: return "lost register";
    case StackEnd::too_deep: return "too deep";
    case StackEnd::broken: return "unreadable";
  }
  return "";
}

const Frame* native_user_frame(std::span<const Frame> frames, std::span<const std::string_view> files) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto begins = [](std::string_view text) {
      return [text](std::string_view beginning) { return text.starts_with(beginning); };
    };
    if (std::ranges::any_of(kLibraries, begins(files[i]))) continue;
    if (std::ranges::any_of(kFunctions, begins(frames[i].function))) continue;
    return &frames[i];
  }
  return nullptr;
}

std::shared_ptr<const NamedStack> StackNames::named(const NativeStack& stack) {
  StableHash hash;
  hash.add(static_cast<std::uint64_t>(stack.end));
  for (const NativeStack::Place& place : stack.places) {
    hash.add(place.code->code->id());
    hash.add(number(place.address));
  }
  std::weak_ptr<const NamedStack>& known = known_[hash.value()];
  if (auto same = known.lock()) return same;
  NamedStack made{.frames = {}, .user = {}, .end = stack.end};
  std::vector<std::string_view> files;
  for (const NativeStack::Place& place : stack.places) {
    for (const Frame& frame : place.code->code->frames_at(place.address)) {
      made.frames.push_back(frame);
      files.push_back(place.code->code->name());
    }
  }
  if (const Frame* user = native_user_frame(made.frames, files)) made.user = *user;
  made.frames.shrink_to_fit();
  std::shared_ptr<const NamedStack> shared{new NamedStack(std::move(made))};
  known = shared;
  if (known_.size() > sweep_at_) {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * known_.size());
  }
  return shared;
}

std::vector<std::shared_ptr<const NamedStack>> StackNames::name(std::span<const NativeStack> stacks) {
  std::map<CodeFile*, std::vector<LinkAddress>> to_name;
  for (const NativeStack& stack : stacks) {
    for (const NativeStack::Place& place : stack.places) to_name[place.code->code.get()].push_back(place.address);
  }
  for (const auto& [file, addresses] : to_name) file->name(addresses);
  std::vector<std::shared_ptr<const NamedStack>> named_stacks(stacks.size());
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    if (!stacks[i].places.empty()) named_stacks[i] = named(stacks[i]);
  }
  return named_stacks;
}

}  // namespace proctor
