#include "collectors/go/context_types.h"

#include <algorithm>
#include <string>
#include <vector>

#include "collectors/go/go_type.h"

namespace proctor {
namespace {

constexpr std::uint64_t kMaxItabs = 1 << 17;
constexpr std::uint64_t kMaxMethods = 4096;
constexpr std::uint64_t kInterfaceMethods = 56;  // interfacetype.mhdr, a slice, in every release that is read
constexpr std::uint64_t kItabHead = 24;          // before the first method

/// runtime.itab up to its first method, likewise the same in every release.
struct Itab {
  RemoteAddress interface {};
  RemoteAddress type{};
  std::uint32_t hash = 0, unused = 0;
  RemoteAddress first_method{};  // 0: the type does not implement the interface
};

/// Until 1.26 the linker lists the addresses.
std::vector<RemoteAddress> listed_itabs(const GoProcess& process) {
  const GoModule::Table links = process.module().itab_links;
  std::vector<RemoteAddress> itabs(std::min(links.length, kMaxItabs));
  if (!process.memory().read(links.begin, std::as_writable_bytes(std::span{itabs}))) itabs.clear();
  return itabs;
}

/// From 1.27 on they stand one behind the other, each as long as its interface has methods.
std::vector<RemoteAddress> adjoining_itabs(const GoProcess& process) {
  const MemoryReader& memory = process.memory();
  std::unordered_map<std::uint64_t, std::uint64_t> methods;
  std::vector<RemoteAddress> itabs;
  const AddressRange all = process.module().itabs;
  for (RemoteAddress at = all.begin; at + sizeof(Itab) <= all.end && itabs.size() < kMaxItabs;) {
    const auto itab = memory.read_value<Itab>(at);
    if (!itab) break;
    itabs.push_back(at);
    if (itab->first_method == RemoteAddress{}) {
      at = at + kItabHead;
      continue;
    }
    const auto [place, is_new] = methods.try_emplace(number(itab->interface), 1);
    if (is_new) {
      place->second = memory.read_value<std::uint64_t>(itab->interface + kInterfaceMethods + 8).value_or(0);
    }
    if (place->second > kMaxMethods) break;
    at = at + kItabHead + 8 * std::max<std::uint64_t>(place->second, 1);
  }
  return itabs;
}

ContextKind kind_named(const std::string& type) {
  if (type == "*context.cancelCtx" || type == "*context.afterFuncCtx") return ContextKind::cancel;
  if (type == "*context.timerCtx") return ContextKind::timer;
  if (type == "*context.valueCtx" || type == "*context.stopCtx") return ContextKind::value;
  if (type == "*context.withoutCancelCtx" || type == "context.withoutCancelCtx") return ContextKind::without_cancel;
  if (type == "*context.emptyCtx" || type == "context.backgroundCtx" || type == "context.todoCtx") {
    return ContextKind::background;
  }
  return ContextKind::other;
}

}  // namespace

ContextTypes ContextTypes::find(const GoProcess& process) {
  const std::vector<RemoteAddress> itabs =
      process.module().itab_links.length != 0 ? listed_itabs(process) : adjoining_itabs(process);
  std::vector<Itab> contents(itabs.size());
  std::vector<ReadRequest> requests;
  for (std::size_t i = 0; i < itabs.size(); ++i) {
    requests.push_back({.from = itabs[i], .into = std::as_writable_bytes(std::span{&contents[i], 1})});
  }
  ContextTypes types;
  if (!process.memory().read_many(requests)) return types;
  std::unordered_map<std::uint64_t, std::string> interfaces;  // by type
  for (std::size_t i = 0; i < itabs.size(); ++i) {
    if (!requests[i].complete) continue;
    const auto [place, is_new] = interfaces.try_emplace(number(contents[i].interface));
    if (is_new) place->second = read_type_name(process, contents[i].interface).value_or("");
    if (place->second != "context.Context") continue;
    types.kinds_.emplace(number(itabs[i]), kind_named(read_type_name(process, contents[i].type).value_or("")));
  }
  for (const auto& [itab, kind] : types.kinds_) {
    types.first_ = types.first_ == 0 ? itab : std::min(types.first_, itab);
    types.last_ = std::max(types.last_, itab);
  }
  return types;
}

std::vector<RemoteAddress> ContextTypes::itabs() const {
  std::vector<RemoteAddress> all;
  for (const auto& [itab, kind] : kinds_) all.push_back(RemoteAddress{itab});
  return all;
}

std::optional<ContextKind> ContextTypes::kind_of(RemoteAddress itab) const {
  if (number(itab) < first_ || number(itab) > last_) return std::nullopt;
  const auto known = kinds_.find(number(itab));
  return known == kinds_.end() ? std::nullopt : std::optional{known->second};
}

}  // namespace proctor
