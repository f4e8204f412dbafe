/* The few registers of the Cortex-M core that the boards share. */
#ifndef CORTEX_M_H_
#define CORTEX_M_H_

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVIC_ISER(n) REGISTER(0xE000E100u + 4u * (n))
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_HFSR REGISTER(0xE000ED2Cu)
#define SCB_MMFAR REGISTER(0xE000ED34u)
#define SCB_BFAR REGISTER(0xE000ED38u)

void Reset_Handler(void);
void HardFault_Handler(void);

#endif
