/* A hard fault leaves a record in RAM that start-up does not clear, and resets the board; `fault%` reports it. */
#include "board.h"
#include "cortex_m.h"

#define RECORD_MAGIC 0xFA17EDu

static struct {
  uint32_t magic;
  uint32_t check; /* of the fault below: RAM at power-up is random */
  board_fault_t fault;
} record __attribute__((section(".noinit")));

static uint32_t check_of(const board_fault_t *fault) {
  const uint32_t *word = (const uint32_t *)fault;
  uint32_t sum = RECORD_MAGIC;
  for (uint32_t i = 0; i < sizeof *fault / sizeof *word; i++) {
    sum = (sum << 5 | sum >> 27) ^ word[i];
  }
  return sum;
}

const board_fault_t *board_last_fault(void) {
  return record.magic == RECORD_MAGIC && record.check == check_of(&record.fault) ? &record.fault : NULL;
}

void board_clear_fault(void) {
  record.magic = 0;
}

/* `sp` is where the core pushed r0-r3, r12, lr, pc, psr; after a stack overflow it points outside of RAM. */
__attribute__((used, noreturn)) void cortex_m_fault(uint32_t sp);
void cortex_m_fault(uint32_t sp) {
  extern uint32_t __stack_bottom, __stack_top;
  const uint32_t before = board_last_fault() ? record.fault.count : 0;
  board_fault_t *fault = &record.fault;
  *fault = (board_fault_t){.count = before + 1u, .sp = sp};
  if (sp >= (uint32_t)&__stack_bottom && sp + 32u <= (uint32_t)&__stack_top) {
    const uint32_t *frame = (const uint32_t *)sp;
    fault->lr = frame[5];
    fault->pc = frame[6];
    fault->psr = frame[7];
  }
#ifndef __ARM_ARCH_6M__
  fault->cfsr = SCB_CFSR;
  fault->hfsr = SCB_HFSR;
  fault->address = fault->cfsr & 0x8000u ? SCB_BFAR : fault->cfsr & 0x80u ? SCB_MMFAR : 0;
#endif
  record.check = check_of(fault);
  record.magic = RECORD_MAGIC;
  board_reset();
}

/* Moves to the top of the stack first: the fault may be that the stack is full. */
__attribute__((naked)) void HardFault_Handler(void) {
  __asm volatile("mov r0, sp\n"
                 "ldr r1, =__stack_top\n"
                 "mov sp, r1\n"
                 "ldr r1, =cortex_m_fault\n"
                 "bx r1\n"
                 ".ltorg\n");
}
