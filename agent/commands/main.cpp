#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "agent/commands/command_line_texts.h"
#include "agent/commands/commands.h"
#include "config/config.h"
#include "config/duration.h"

namespace {

void add_thread_stacks(CLI::App& command, proctor::ThreadStacks& value) {
  const std::map<std::string, proctor::ThreadStacks> words{{"none", proctor::ThreadStacks::none},
                                                           {"blocked", proctor::ThreadStacks::blocked},
                                                           {"all", proctor::ThreadStacks::all}};
  command.add_option("--thread-stacks", value, "none, blocked (default), all: also of threads that run")
      ->transform(CLI::CheckedTransformer(words).description(""))
      ->type_name("WORD");
}

int run(int argc, char** argv) {
  CLI::App app{"Proctor watches running processes from outside and says what leaks.", "proctor"};
  app.require_subcommand(1);

  proctor::RunOptions run_options;
  std::string interval;
  auto* run = app.add_subcommand("run", "the exporter");
  run->add_option("--config.file", run_options.config_file, "YAML; checked by check-config");
  run->add_option("--target.pid", run_options.target_pids, "watch this process; repeatable");
  run->add_option("--target.name", run_options.target_names, "watch processes whose comm matches; repeatable");
  run->add_option("--web.listen-address", run_options.listen_addresses, "default :10117; repeatable");
  run->add_option("--web.config.file", run_options.web_config_file, "users and headers, as of the exporter toolkit");
  run->add_option("--web.telemetry-path", run_options.telemetry_path, "where the metrics are")->capture_default_str();
  run->add_flag("--web.enable-lifecycle", run_options.enable_lifecycle, "allow POST /-/reload");
  run->add_option("--path.procfs", run_options.procfs, "a procfs, if another one")->capture_default_str();
  run->add_option("--storage.path", run_options.storage, "keeps there what verdicts need after a restart")
      ->envname("STATE_DIRECTORY");
  run->add_option("--sampling.interval", interval, "each target is looked at this often");

  run->add_option("--log.level", run_options.log_level, "debug, info, warn, error")->capture_default_str();
  run->add_option("--log.format", run_options.log_format, "logfmt, json")->capture_default_str();

  proctor::DumpOptions dump_options;
  auto* dump = app.add_subcommand("dump", "one look at one process");
  dump->add_option("PID", dump_options.pid, "of the process")->required()->check(CLI::PositiveNumber);
  dump->add_option("--format", dump_options.format, "text, json, debug2")
      ->check(CLI::IsMember({"text", "json", "debug2"}))
      ->capture_default_str();
  dump->add_option("--kind", dump_options.kinds, "only these parts: goroutine, thread, fd, memory, lock")
      ->delimiter(',')
      ->check(CLI::IsMember({"goroutine", "thread", "fd", "memory", "lock"}));
  dump->add_flag("--members", dump_options.members, "list the goids and tids of each site");
  add_thread_stacks(*dump, dump_options.thread_stacks);
  dump->add_option("--path.procfs", dump_options.procfs, "a procfs, if another one")->capture_default_str();

  proctor::PprofOptions pprof_options;
  auto* pprof = app.add_subcommand("pprof", "a profile of one process, for go tool pprof");
  pprof->add_option("PID", pprof_options.pid, "of the process")->required()->check(CLI::PositiveNumber);
  pprof->add_option("--profile", pprof_options.profile, "goroutine, goroutineleak, thread, heap, allocs, block, mutex")
      ->check(CLI::IsMember({"goroutine", "goroutineleak", "thread", "heap", "allocs", "block", "mutex"}))
      ->capture_default_str();
  pprof->add_option("-o,--output", pprof_options.file, "default: standard output");
  add_thread_stacks(*pprof, pprof_options.thread_stacks);
  pprof->add_option("--path.procfs", pprof_options.procfs, "a procfs, if another one")->capture_default_str();

  proctor::TopOptions top_options;
  std::string top_interval;
  auto* top = app.add_subcommand("top", "one process, looked at each second, with what grew first");
  top->add_option("PID", top_options.pid, "of the process")->required()->check(CLI::PositiveNumber);
  top->add_option("--interval", top_interval, "default: 1s");
  top->add_option("--rounds", top_options.rounds, "ends after so many");
  top->add_option("--path.procfs", top_options.procfs, "a procfs, if another one")->capture_default_str();

  std::string file;
  auto* check = app.add_subcommand("check-config", "every mistake of a configuration, or exit status 0");
  check->add_option("FILE", file, "YAML")->required();

  std::optional<std::int32_t> doctor_pid;
  std::filesystem::path doctor_procfs = "/proc";
  auto* doctor = app.add_subcommand("doctor", "which rights are there, and the mend for each that is missing");
  doctor->add_option("PID", doctor_pid, "of a process that is to be read")->check(CLI::PositiveNumber);
  doctor->add_option("--path.procfs", doctor_procfs, "a procfs, if another one")->capture_default_str();

  auto* version = app.add_subcommand("version", "version of this build");

  std::string shell;
  auto* completion = app.add_subcommand("completion", "completion of this command line, for a shell to read");
  completion->add_option("SHELL", shell, "bash, zsh, fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  auto* man = app.add_subcommand("man", "the manual page: proctor man | man -l -");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "proctor: %s; see proctor --help\n", error.what());
    return static_cast<int>(proctor::ExitStatus::wrong_usage);
  }
  const auto take_duration = [](const char* flag, const std::string& text, auto& into) {
    if (text.empty()) return true;
    const auto duration = proctor::parse_duration(text);
    if (!duration) {
      std::fprintf(stderr, "proctor: %s: %s\n", flag, duration.error().message.c_str());
      return false;
    }
    into = *duration;
    return true;
  };
  if (!take_duration("--sampling.interval", interval, run_options.interval) ||
      !take_duration("--interval", top_interval, top_options.interval)) {
    return static_cast<int>(proctor::ExitStatus::wrong_usage);
  }
  proctor::ExitStatus status = proctor::ExitStatus::fine;
  if (*run) status = proctor::run_command(run_options);
  if (*dump) status = proctor::dump_command(dump_options);
  if (*top) status = proctor::top_command(top_options);
  if (*pprof) status = proctor::pprof_command(pprof_options);
  if (*check) status = proctor::check_config_command(file);
  if (*doctor) status = proctor::doctor_command(doctor_procfs, doctor_pid);
  if (*version) status = proctor::version_command();
  if (*completion) std::fputs(proctor::completion_of(app, shell).c_str(), stdout);
  if (*man) std::fputs(proctor::manual_of(app, PROCTOR_VERSION, PROCTOR_DATE).c_str(), stdout);
  return static_cast<int>(status);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "proctor: %s\n", error.what());
    return static_cast<int>(proctor::ExitStatus::failed);
  }
}
