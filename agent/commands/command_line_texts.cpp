#include "agent/commands/command_line_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace proctor {
namespace {

using Commands = std::vector<const CLI::App*>;

Commands commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

/// "-o" and "--output", as they are written.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

std::string escaped(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// In single quotes of a shell.
std::string quoted(const std::string& text) { return "'" + escaped(text, "'", "'\\''") + "'"; }

bool takes_process(const CLI::App& command) { return command.get_option_no_throw("PID") != nullptr; }

std::string bash_of(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const CLI::App* const command : commands_of(app)) {
    names += command->get_name() + " ";
    std::string options;
    for (const CLI::Option* const option : command->get_options()) {
      for (const std::string& name : names_of(*option)) options += name + " ";
    }
    cases += fmt::format("    {}) options='{}' process={} ;;\n", command->get_name(), options,
                         takes_process(*command) ? "1" : "");
  }
  return fmt::format(R"sh(_proctor() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} options='' process=''
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{}--help' -- "$current")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $process && $current =~ ^[0-9]*$ ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -o filenames -F _proctor proctor
)sh",
                     names, cases);
}

std::string fish_of(const CLI::App& app) {
  std::string out = "complete -c proctor -f\n";
  for (const CLI::App* const command : commands_of(app)) {
    out += fmt::format("complete -c proctor -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                       quoted(command->get_description()));
    const std::string within =
        fmt::format("complete -c proctor -n '__fish_seen_subcommand_from {}'", command->get_name());
    if (takes_process(*command)) out += within + " -a '(__fish_complete_pids)'\n";
    for (const CLI::Option* const option : command->get_options()) {
      if (option->get_positional()) continue;
      out += within;
      for (const std::string& name : option->get_snames()) out += " -s " + name;
      for (const std::string& name : option->get_lnames()) out += " -l " + name;
      out += fmt::format("{} -d {}\n", is_flag(*option) ? "" : " -rF", quoted(option->get_description()));
    }
  }
  return out;
}

/// In a description of _arguments, where brackets and colons mean something.
std::string zsh_text(const std::string& text) {
  return escaped(escaped(escaped(text, "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string zsh_of(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* const command : commands_of(app)) {
    commands += "    " + quoted(zsh_text(command->get_name()) + ":" + command->get_description()) + "\n";
    cases += fmt::format("    {})\n      _arguments", command->get_name());
    for (const CLI::Option* const option : command->get_options()) {
      for (const std::string& name : names_of(*option)) {
        const std::string value = is_flag(*option) ? "" : ":value:_files";
        cases += " \\\n        " + quoted(fmt::format("*{}[{}]{}", name, zsh_text(option->get_description()), value));
      }
    }
    cases += takes_process(*command) ? " \\\n        '1:process:_pids'\n      ;;\n"
                                     : " \\\n        '*:file:_files'\n      ;;\n";
  }
  return fmt::format(R"sh(#compdef proctor
_proctor() {{
  local -a commands
  commands=(
{})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}
compdef _proctor proctor
)sh",
                     commands, cases);
}

/// Nothing of it begins a request of man(7), or is a dash that is no dash.
std::string roff(std::string text) {
  text = escaped(escaped(std::move(text), "\\", "\\e"), "-", "\\-");
  return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

std::string manual_of_option(const CLI::Option& option) {
  const bool positional = option.get_positional();
  std::string names;
  for (const std::string& name : positional ? std::vector{option.get_name(true)} : names_of(option)) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  }
  if (!positional && !is_flag(option)) names += " \\fI" + roff(option.get_type_name()) + "\\fR";
  std::string says = option.get_description();
  if (!option.get_default_str().empty())
    says += fmt::format("{}(default {})", says.empty() ? "" : " ", option.get_default_str());
  return fmt::format(".TP\n{}\n{}\n", names, says.empty() ? "\\&" : roff(says));
}

}  // namespace

std::string completion_of(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return bash_of(app);
  return shell == "zsh" ? zsh_of(app) : fish_of(app);
}

std::string manual_of(const CLI::App& app, std::string_view version, std::string_view date) {
  std::string out = fmt::format(".TH PROCTOR 1 \"{}\" \"proctor {}\" \"User Commands\"\n", date, version);
  out += ".SH NAME\nproctor \\- tells which line of code leaks in a running process\n.SH SYNOPSIS\n";
  const char* between = "";
  for (const CLI::App* const command : commands_of(app)) {
    out += fmt::format("{}\\fBproctor {}\\fR [\\fIOPTION\\fR]...", std::exchange(between, ".br\n"),
                       roff(command->get_name()));
    for (const CLI::Option* const option : command->get_options()) {
      if (!option->get_positional()) continue;
      const std::string name = "\\fI" + roff(option->get_name(true)) + "\\fR";
      out += option->get_required() ? " " + name : " [" + name + "]";
    }
    out += "\n";
  }
  out += ".SH DESCRIPTION\n" + roff(app.get_description()) +
         "\nIt reads procfs and the memory of processes;\nit never stops them, nor writes to them.\n.SH COMMANDS\n";
  for (const CLI::App* const command : commands_of(app)) {
    out += fmt::format(".SS {}\n{}\n", roff(command->get_name()), roff(command->get_description()));
    for (const CLI::Option* const option : command->get_options()) out += manual_of_option(*option);
  }
  out +=
      ".SH EXIT STATUS\n0 where all went well, 1 where it failed, 2 where it was called wrongly or the configuration "
      "is "
      "wrong.\n.SH ENVIRONMENT\n.TP\nSTATE_DIRECTORY\nThe folder of \\fB\\-\\-storage.path\\fR, where that is not "
      "given; "
      "systemd sets it.\n.SH SIGNALS\nSIGHUP reads the configuration again; SIGTERM and SIGINT end the exporter.\n";
  return out;
}

}  // namespace proctor
