/* Makes a stack overflow fault on boards where the memory below RAM does not. */
#include "cortex_m.h"

extern uint32_t __stack_guard, __stack_bottom;

#if __ARM_ARCH >= 8
void cortex_m_guard_stack(void) {
  __asm volatile("msr msplim, %0" ::"r"(&__stack_bottom));
}
#elif !defined(__ARM_ARCH_6M__)
#define MPU_TYPE REGISTER(0xE000ED90u)
#define MPU_CTRL REGISTER(0xE000ED94u)
#define MPU_RNR REGISTER(0xE000ED98u)
#define MPU_RBAR REGISTER(0xE000ED9Cu)
#define MPU_RASR REGISTER(0xE000EDA0u)

/* The 64 bytes below the stack may not be touched; everything else keeps the default map. A bootloader may have left
 * regions, and where regions overlap the higher number counts: the Nano 33 BLE's leaves one that allows all of RAM. */
void cortex_m_guard_stack(void) {
  enum { RBAR_VALID_0 = 1 << 4, RASR_NEVER_EXECUTE = 1 << 28, RASR_64_BYTES = 5 << 1, RASR_ENABLE = 1, CTRL_ON = 5 };
  const uint32_t regions = MPU_TYPE >> 8 & 0xFFu;
  if (regions == 0) {
    return;
  }
  MPU_CTRL = 0;
  for (uint32_t region = 0; region < regions; region++) {
    MPU_RNR = region;
    MPU_RASR = 0;
  }
  MPU_RBAR = (uint32_t)&__stack_guard | RBAR_VALID_0;
  MPU_RASR = RASR_NEVER_EXECUTE | RASR_64_BYTES | RASR_ENABLE;
  MPU_CTRL = CTRL_ON;
  __asm volatile("dsb\n isb");
}
#else
void cortex_m_guard_stack(void) {}
#endif
