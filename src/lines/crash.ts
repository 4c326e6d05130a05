/**
 * What native code, a runtime or a shell says when a process crashes; tried behind a launcher's
 * prefix: C++, glibc, faulthandler, glog, PyTorch's device assertions, Rust, Go, R, bash.
 */
export const crash =
  /^(?:terminate called |libc\+\+abi: |Fatal Python error: |\*\*\* (?:stack smashing|buffer overflow) detected|(?:free|malloc|realloc|munmap_chunk|malloc_consolidate)\(\): |double free or corruption|corrupted (?:size|double-linked)|thread '[^']*' (?:\(\d+\) )?panicked at |panic: |fatal error: |Error in .{1,120}?\) ?:(?: |$)|\S{1,80}: (?:symbol lookup error|error while loading shared libraries): |\*\*\* Process received signal \*\*\*|(?:Segmentation fault|Bus error|Aborted|Illegal instruction|Floating point exception)(?: \(core dumped\))?$|[^:]{1,80}: line \d+: +\d+ (?:Killed|Segmentation fault|Bus error|Aborted|Illegal instruction|Floating point exception|Terminated)\b|\S{1,80}: [^ ].{0,120}: Assertion [`'].*' failed|\S{1,160}:\d+: [^:]{1,160}: block: \[[\d,]+\], thread: \[[\d,]+\] Assertion )/;
