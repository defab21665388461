#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace proctor {

/// Where an execution stands. Empty or 0 where it is not known.
struct Frame {
  std::string function;  // as the runtime or the demangler writes it
  std::string file;
  std::uint32_t line = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(function, file, line);
  }

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Names a place and a way of waiting there: a hash of the stack by function and line, the reason and the
/// creator; the same across processes of one build. 48 bits, written as 12 hexadecimal digits.
enum class SiteId : std::uint64_t {};

std::string to_string(SiteId id);

/// The site under which a bounded ledger sums what it does not keep apart.
constexpr SiteId kOtherSite{0};

/// What the members of a site have in common.
struct Site {
  SiteId id{};
  std::string state;          // waiting, running, ...; empty for what has no state
  std::string name;           // of a thread, with its numbers folded; else empty
  std::string reason;         // the runtime's or the kernel's word for what it waits for; the kind of a descriptor
  Frame user;                 // the first frame that the user wrote; for a descriptor, `file` is its path class or peer
  std::string module;         // that `user` comes from, where it is a dependency of a Go program: path@version
  Frame created_by;           // the statement that created it, where known
  bool of_libraries = false;  // of a Go program: nothing of the stack, nor who created it, is of the main module
  std::vector<Frame> frames;  // innermost first; empty for what has no stack
  std::string truncated;      // why the frames end before the stack does, in a word; empty where they do not

  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, state, name, reason, user, module, created_by, of_libraries, frames, truncated);
  }
};

/// Shared by all that speak of the same site.
using SiteRef = std::shared_ptr<const Site>;

/// Sets `id` from the other fields.
void identify(Site& site);

}  // namespace proctor

template <>
struct std::hash<proctor::SiteId> {
  std::size_t operator()(proctor::SiteId id) const noexcept { return static_cast<std::size_t>(id); }
};
