/* QEMU TCG plugin (API version 1): how often every instruction ran, and how often control came to it from elsewhere
 * than the instruction before it, between two marks in the guest's code.
 *
 * Arguments: begin, end: addresses of the marks; base, size: the code's memory (hexadecimal); out: path of the result.
 * For each passage from mark to mark the result has a line "region", then "address executions arrivals" per
 * instruction. The few functions used of the plugin interface are declared here: distributions do not all ship its
 * header. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id_t;
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t, void (*)(plugin_id_t, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);

int qemu_plugin_version = 1;

typedef struct {
  uint64_t executions;
  uint64_t arrivals; /* by a taken branch, a call or a return */
} count_t;

static uint64_t mark_begin, mark_end, base, size;
static count_t *counts; /* one per halfword of code */
static FILE *out;
static uint64_t expected; /* address after the last instruction; 0 at the start of a region */

static void report(void) {
  fputs("region\n", out);
  for (uint64_t i = 0; i < size / 2; i++) {
    if (counts[i].executions) {
      fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", base + 2 * i, counts[i].executions, counts[i].arrivals);
    }
  }
  fflush(out);
}

/* An instruction's address and size travel in the callback's pointer: no allocation per instruction. */
static void executed(unsigned cpu, void *packed) {
  const uint64_t address = (uint32_t)(uintptr_t)packed;
  const uint64_t bytes = (uint64_t)(uintptr_t)packed >> 32;
  (void)cpu;
  if (address == mark_begin) {
    memset(counts, 0, size / 2 * sizeof *counts); /* forgets what ran since the last region */
    expected = 0;
    return; /* the mark itself, a lone return, does not count */
  }
  if (address == mark_end) {
    report();
  }
  if (address - base < size) {
    count_t *count = &counts[(address - base) / 2];
    count->executions++;
    count->arrivals += expected != 0 && address != expected;
  }
  expected = address + bytes;
}

static void translated(plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    const uint64_t packed = (uint32_t)qemu_plugin_insn_vaddr(instruction) | (uint64_t)qemu_plugin_insn_size(instruction)
                                                                                << 32;
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, 0, (void *)(uintptr_t)packed);
  }
}

int qemu_plugin_install(plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value) {
      return 1;
    }
    *value++ = 0;
    if (!strcmp(argv[i], "out")) {
      out = fopen(value, "w");
    } else {
      uint64_t *number = !strcmp(argv[i], "begin")  ? &mark_begin
                         : !strcmp(argv[i], "end")  ? &mark_end
                         : !strcmp(argv[i], "base") ? &base
                         : !strcmp(argv[i], "size") ? &size
                                                    : NULL;
      if (!number) {
        return 1;
      }
      *number = strtoull(value, NULL, 16);
    }
  }
  if (!out || !size) {
    return 1;
  }
  counts = calloc(size / 2, sizeof *counts);
  if (!counts) {
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
