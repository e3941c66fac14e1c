//! The `aerospike-emulator` command.

fn main() -> std::process::ExitCode {
    aerospike_emulator::cli::main(std::env::args_os())
}
