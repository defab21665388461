#include "collectors/unwind/unwinder.h"

#include <libunwind-x86_64.h>

#include <algorithm>
#include <new>
#include <optional>

#include "base/byte_cursor.h"
#include "collectors/unwind/frame_pointer.h"

// Exported by libunwind-x86_64, but declared in no public header: the search of a table in the target's memory.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t, unw_word_t, unw_dyn_info_t*, unw_proc_info_t*, int,
                                                  void*);
// NOLINTEND(readability-identifier-naming)

namespace proctor {
namespace {

constexpr std::uint64_t kTableOffset = 12;        // of .eh_frame_hdr, behind its encodings, pointer and count
constexpr std::uint64_t kWordsPerTableEntry = 1;  // two numbers of four bytes
constexpr std::size_t kMostReads = 1'000'000;     // of one stack; a frame takes some dozens
constexpr std::uint64_t kMadeTable = 0xffff'f000'0000'0000;  // where no process has anything: a table of our own

}  // namespace

/// One stack on its way outwards: what libunwind asks of it.
class Unwinder::Walk {
 public:
  Walk(StackBytes& stack, std::span<const LoadedCode> code, unw_addr_space_t space, RemoteAddress program_counter,
       RemoteAddress stack_pointer)
      : stack_(stack), code_(code), space_(space), begin_pc_(program_counter), begin_sp_(stack_pointer) {}
  Walk(StackBytes& stack, std::span<const LoadedCode> code, unw_addr_space_t space, const CpuRegisters& registers)
      : Walk(stack, code, space, registers.program_counter(), registers.stack_pointer()) {
    registers_ = &registers;
  }

  NativeStack run();
  const std::vector<std::uint64_t>& heights() const { return heights_; }
  const std::vector<RemoteAddress>& returns() const { return returns_; }

  static int find_proc_info(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t* info, int need, void* walk) {
    return static_cast<Walk*>(walk)->find(space, pc, info, need);
  }
  static void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}
  static int get_dyn_info_list(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }
  static int access_mem(unw_addr_space_t, unw_word_t address, unw_word_t* value, int write, void* walk) {
    return static_cast<Walk*>(walk)->read(RemoteAddress{address}, value, write);
  }
  static int access_reg(unw_addr_space_t, unw_regnum_t number, unw_word_t* value, int write, void* walk) {
    return static_cast<Walk*>(walk)->read_register(number, value, write);
  }
  static int access_fpreg(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) { return -UNW_EBADREG; }
  static int resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
  static int get_proc_name(unw_addr_space_t, unw_word_t, char*, std::size_t, unw_word_t*, void*) {
    return -UNW_ENOINFO;
  }

 private:
  NativeStack walk();
  int find(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t* info, int need);
  int read(RemoteAddress address, unw_word_t* value, int write);
  int read_register(unw_regnum_t number, unw_word_t* value, int write);
  std::optional<RemoteAddress> recovered();
  /// Whether the code at a place has a table to go on by; else sets why not.
  bool has_table(RemoteAddress pc, NativeStack& stack) const;

  StackBytes& stack_;
  std::span<const LoadedCode> code_;
  unw_addr_space_t space_;
  RemoteAddress begin_pc_;
  RemoteAddress begin_sp_;
  const CpuRegisters* registers_ = nullptr;  // null where only the two are known
  RemoteAddress pc_{};                       // of the frame that is being left
  RemoteAddress sp_{};
  std::span<const FrameTableEntry> made_;  // that of the last search; empty for one that stands in its file
  std::size_t reads_ = 0;
  std::size_t frames_ = 0;  // up to this one
  std::optional<RemoteAddress> frame_pointer_;
  std::vector<std::uint64_t> heights_;
  std::vector<RemoteAddress> returns_;
  std::optional<std::size_t> guessed_after_;  // so many frames
  bool lost_register_ = false;
  bool no_entry_ = false;
};

int Unwinder::Walk::find(unw_addr_space_t space, unw_word_t pc, unw_proc_info_t* info, int need) {
  const LoadedCode* code = code_at(code_, RemoteAddress{pc});
  const auto* table =
      code != nullptr && code->code && code->code->unwind_table() ? &*code->code->unwind_table() : nullptr;
  no_entry_ = true;
  if (table == nullptr) return -UNW_ENOINFO;
  unw_dyn_info_t search{};
  search.start_ip = number(code->range.begin);
  search.end_ip = number(code->range.end);
  const unw_word_t base = number(loaded(table->base, code->bias));
  made_ = table->made;
  search.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  search.u.rti.segbase = base;
  search.u.rti.table_data = made_.empty() ? base + kTableOffset : kMadeTable;
  search.u.rti.table_len = table->entries * kWordsPerTableEntry;
  const int found = _Ux86_64_dwarf_search_unwind_table(space, pc, &search, info, need, this);
  no_entry_ = found != 0;
  return found;
}

int Unwinder::Walk::read(RemoteAddress address, unw_word_t* value, int write) {
  // Instructions of a hostile table may jump back for ever.
  if (write != 0 || ++reads_ > kMostReads) return -UNW_EINVAL;
  if (number(address) >= kMadeTable) {
    const auto word = load<std::uint64_t>(std::as_bytes(made_), number(address) - kMadeTable);
    if (word) *value = *word;
    return word ? 0 : -UNW_EINVAL;
  }
  if (const auto word = stack_.word_at(address)) {
    *value = *word;
    return 0;
  }
  // Tables stand in any segment of a file, most of which are not executable.
  for (const LoadedCode& code : code_) {
    if (!code.code) continue;
    const RemoteAddress link{number(address) - number(code.bias)};
    const auto& segments = code.code->file().segments();
    const bool within = std::ranges::any_of(segments, [&](const ElfSegment& segment) {
      return number(link) - number(segment.address) < segment.file_size && number(link) >= number(segment.address);
    });
    if (!within) continue;
    const auto word = code.code->image().read_value<std::uint64_t>(link);
    if (!word) return -UNW_EINVAL;
    *value = *word;
    return 0;
  }
  return -UNW_EINVAL;
}

std::optional<RemoteAddress> Unwinder::Walk::recovered() {
  if (frame_pointer_) return frame_pointer_;
  const LoadedCode* code = code_at(code_, pc_);
  if (code == nullptr || !code->code) return std::nullopt;
  unw_proc_info_t info{};
  if (find(space_, number(pc_), &info, 0) != 0) return std::nullopt;
  frame_pointer_ = recover_frame_pointer(*code, RemoteAddress{info.start_ip}, pc_, sp_, stack_, code_);
  if (frame_pointer_) guessed_after_ = frames_;
  return frame_pointer_;
}

int Unwinder::Walk::read_register(unw_regnum_t number_of, unw_word_t* value, int write) {
  if (write != 0) return -UNW_EINVAL;
  if (registers_ != nullptr) {
    // libunwind numbers them as DWARF does.
    const auto index = static_cast<std::size_t>(number_of);
    if (index >= registers_->values.size()) return -UNW_EBADREG;
    *value = registers_->values[index];
    return 0;
  }
  switch (number_of) {
    case UNW_X86_64_RIP: *value = number(begin_pc_); return 0;
    case UNW_X86_64_RSP: *value = number(begin_sp_); return 0;
    case UNW_X86_64_RBP:
      if (const auto frame = recovered()) {
        *value = number(*frame);
        return 0;
      }
      break;
    default: break;
  }
  lost_register_ = true;
  return -UNW_EBADREG;
}

bool Unwinder::Walk::has_table(RemoteAddress pc, NativeStack& stack) const {
  const LoadedCode* code = code_at(code_, pc);
  if (code == nullptr) {
    stack.end = StackEnd::broken;
  } else if (!code->code) {
    stack.end = StackEnd::made_at_run;
  } else if (!code->code->unwind_table()) {
    stack.end = StackEnd::no_table;
  } else {
    return true;
  }
  return false;
}

NativeStack Unwinder::Walk::run() {
  NativeStack stack = walk();
  if (guessed_after_ && stack.end != StackEnd::complete) {
    stack.places.resize(*guessed_after_);
    stack.end = StackEnd::lost_register;
  }
  return stack;
}

NativeStack Unwinder::Walk::walk() {
  NativeStack stack;
  unw_cursor_t cursor;
  if (unw_init_remote(&cursor, space_, this) != 0) {
    stack.end = StackEnd::broken;
    return stack;
  }
  pc_ = begin_pc_;
  sp_ = begin_sp_;
  // The frame was left by a signal, or in its midst: its address is not that of a call.
  bool interrupted = registers_ != nullptr;
  while (true) {
    const LoadedCode* code = code_at(code_, pc_);
    const bool named = code != nullptr && code->code;
    // A call is named by its own bytes, not by what it returns to. Nothing calls the trampoline of a signal.
    const bool trampoline = unw_is_signal_frame(&cursor) > 0;
    const std::uint64_t back = interrupted || trampoline ? 0 : 1;
    if (named) stack.places.push_back({.code = code, .address = LinkAddress{number(pc_) - number(code->bias) - back}});
    if (!has_table(pc_, stack)) return stack;
    if (stack.places.size() >= kMostFrames) {
      stack.end = StackEnd::too_deep;
      return stack;
    }
    frames_ = stack.places.size();
    lost_register_ = false;
    no_entry_ = false;
    interrupted = trampoline;
    const int step = unw_step(&cursor);
    // Without an entry libunwind guesses; a wrong frame is worse than none.
    if (no_entry_ || lost_register_ || step < 0) {
      stack.end = lost_register_ ? StackEnd::lost_register : no_entry_ ? StackEnd::no_table : StackEnd::broken;
      return stack;
    }
    unw_word_t pc = 0;
    unw_word_t sp = 0;
    if (step == 0 || unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0 || pc == 0) return stack;
    if (unw_get_reg(&cursor, UNW_REG_SP, &sp) != 0 || RemoteAddress{sp} <= sp_) {
      stack.end = StackEnd::broken;
      return stack;
    }
    pc_ = RemoteAddress{pc};
    sp_ = RemoteAddress{sp};
    heights_.push_back(sp_ - begin_sp_);
    returns_.push_back(pc_);
  }
}

struct Unwinder::Space {
  unw_accessors_t accessors{};
  unw_addr_space_t space = nullptr;
};

Unwinder::Unwinder() : space_(std::make_unique<Space>()) {
  space_->accessors = {.find_proc_info = Walk::find_proc_info,
                       .put_unwind_info = Walk::put_unwind_info,
                       .get_dyn_info_list_addr = Walk::get_dyn_info_list,
                       .access_mem = Walk::access_mem,
                       .access_reg = Walk::access_reg,
                       .access_fpreg = Walk::access_fpreg,
                       .resume = Walk::resume,
                       .get_proc_name = Walk::get_proc_name};
  space_->space = unw_create_addr_space(&space_->accessors, 0);
  if (space_->space == nullptr) throw std::bad_alloc{};
  unw_set_caching_policy(space_->space, UNW_CACHE_GLOBAL);
}

Unwinder::~Unwinder() { unw_destroy_addr_space(space_->space); }

void Unwinder::begin(std::span<const LoadedCode> code) {
  code_ = code;
  known_.clear();
  unw_flush_cache(space_->space, 0, 0);
}

NativeStack Unwinder::unwind(StackBytes& stack, RemoteAddress program_counter, RemoteAddress stack_pointer) {
  if (const NativeStack* known = recognise(stack, program_counter, stack_pointer)) return *known;
  Walk walk{stack, code_, space_->space, program_counter, stack_pointer};
  NativeStack unwound = walk.run();
  std::vector<Known>& here = known_[number(program_counter)];
  if (unwound.end == StackEnd::complete && here.size() < kMostKnown) {
    here.push_back({.stack = unwound, .heights = walk.heights(), .returns = walk.returns()});
  }
  return unwound;
}

NativeStack Unwinder::unwind(StackBytes& stack, const CpuRegisters& registers) {
  return Walk{stack, code_, space_->space, registers}.run();
}

const NativeStack* Unwinder::recognise(StackBytes& stack, RemoteAddress program_counter, RemoteAddress stack_pointer) {
  const auto here = known_.find(number(program_counter));
  if (here == known_.end()) return nullptr;
  for (const Known& known : here->second) {
    // Each frame returns into the next, at the same place, up to the thread's beginning.
    bool same = true;
    for (std::size_t i = 0; same && i < known.heights.size(); ++i) {
      const auto word = stack.word_at(stack_pointer + known.heights[i] - sizeof(std::uint64_t));
      same = word && RemoteAddress{*word} == known.returns[i];
    }
    if (same) return &known.stack;
  }
  return nullptr;
}

}  // namespace proctor
