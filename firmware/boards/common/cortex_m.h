/* The few registers of the Cortex-M core that the boards share. */
#ifndef CORTEX_M_H_
#define CORTEX_M_H_

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVIC_ISER(n) REGISTER(0xE000E100u + 4u * (n))
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)
#define SCB_SHCSR REGISTER(0xE000ED24u)
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_HFSR REGISTER(0xE000ED2Cu)
#define SCB_MMFAR REGISTER(0xE000ED34u)
#define SCB_BFAR REGISTER(0xE000ED38u)

/* Set by board_reset(), for boards without a register that tells why they started. Random at power-up. */
#define CORTEX_M_SOFTWARE_RESET 0x50F7E5E7u
extern uint32_t cortex_m_reset_mark;

/* Makes a stack overflow fault where the memory below RAM does not. */
void cortex_m_guard_stack(void);

void Reset_Handler(void);
void HardFault_Handler(void);

#endif
