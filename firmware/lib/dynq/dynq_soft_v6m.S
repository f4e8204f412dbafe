/* dynq_soft_outputs() on Armv6-M: what dynq_soft.c does in C. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR) && __ARM_ARCH_ISA_THUMB == 1
#include "dynq_function.inc"

#define EXPONENT 0 /* of the unit, less 94 */
#define RELU 4
#define SAVED 44 /* bytes that the registers and those two take on the stack */

/* value >>= by, its lowest bit standing for all that are lost too. */
.macro SHIFT_DOWN value by temporary
  movs \temporary,\value
  lsrs \value,\value,\by
  movs r6,\value
  lsls r6,r6,\by
  cmp r6,\temporary
  beq 9f
  movs r6,#1
  orrs \value,\value,r6
9:
.endm
/* From the top bit at 30 to 24 bits, ties to even; the carry is bit 7. */
.macro ROUND value
  lsrs r0,\value,#8
  movs r0,#0x3f
  adcs \value,\value,r0
  lsrs \value,\value,#7
.endm
.macro NORMALIZE bits
  lsrs r0,r2,#32-\bits
  bne 9f
  lsls r2,r2,#\bits
  adds r4,r4,#\bits
9:
.endm

/* r0 | r1 word | r2 total | r3 | r4 leading zeros, then exponent of the product less 112 | r5 product, sum, output | r6 | r7 offset
 * of the output | r8 words | r9 totals | r10 outputs | r11 significand of the unit | r12 sign | lr end of the offsets. Product
 * and bias are aligned with the top bit of the larger one at 30. */
FUNCTION dynq_soft_outputs
  push {r4-r7,lr}
  mov r4,r8
  mov r5,r9
  mov r6,r10
  mov r7,r11
  push {r4-r7}
  lsls r3,r3,#2
  mov lr,r3
  mov r8,r1
  mov r9,r2
  ldmia r0!,{r4,r5}
  mov r11,r4
  subs r5,r5,#94
  ldr r6,[sp,#SAVED-8]
  ldr r7,[sp,#SAVED-4]
  mov r10,r7
  push {r5,r6}
  movs r7,#0
.Loutput:
  mov r0,r8
  ldr r1,[r0,r7]
  mov r0,r9
  ldr r2,[r0,r7]
  movs r3,#0
  cmp r2,#0
  ble .Lnot_positive
.Lmagnitude:
  mov r12,r3
  movs r4,#0
  NORMALIZE 16
  NORMALIZE 8
  NORMALIZE 4
  NORMALIZE 2
  NORMALIZE 1
  mov r5,r11
  lsls r0,r1,#22
  lsrs r0,r0,#22
  muls r0,r5,r0
  lsls r5,r5,#10
  adds r0,r0,r5
  lsrs r6,r0,#11
  lsls r0,r0,#21
  lsrs r0,r0,#21
  lsls r3,r2,#16
  bne .Llong
  lsrs r2,r2,#16 /* 16 bits by 11 and 11 */
  muls r0,r2,r0
  muls r6,r2,r6
  lsls r6,r6,#4
  lsrs r5,r0,#7
  adds r5,r5,r6
  lsls r0,r0,#25
.Lproduct: /* 29 to 31 bits, and others below */
  beq 1f
  movs r0,#1
  orrs r5,r5,r0
1:
  lsls r0,r5,#1
  bmi 2f
  movs r5,r0
  adds r4,r4,#1
  lsls r0,r5,#1
  bmi 2f
  movs r5,r0
  adds r4,r4,#1
2:
  ROUND r5
  lsls r5,r5,#7
  ldr r0,[sp,#EXPONENT]
  lsls r2,r1,#17
  lsrs r2,r2,#27
  adds r0,r0,r2
  subs r4,r0,r4
  lsrs r0,r1,#16
  beq .Lsum
  lsls r0,r0,#22
  lsrs r0,r0,#2
  movs r2,#1
  lsls r2,r2,#30
  orrs r0,r0,r2
  lsls r2,r1,#1
  lsrs r2,r2,#27
  subs r2,r4,r2
  bmi .Lbias_larger
  cmp r2,#20
  bhi .Lfar
  lsrs r0,r0,r2
.Laligned:
  mov r2,r12
  eors r2,r2,r1
  bmi .Lsubtract
  adds r5,r5,r0
.Lsum:
  cmp r5,#0
  bmi .Lcarry
  lsls r0,r5,#1
  bpl .Lcancelled
.Lround:
  ROUND r5
  adds r4,r4,#111
  lsls r4,r4,#23
  adds r5,r5,r4
  mov r2,r12
  orrs r5,r5,r2
  bmi .Lbelow_zero
.Lstore:
  mov r0,r10
  str r5,[r0,r7]
  adds r7,r7,#4
  cmp r7,lr
  bne .Loutput
  add sp,sp,#8
  pop {r4-r7}
  mov r8,r4
  mov r9,r5
  mov r10,r6
  mov r11,r7
  pop {r4-r7,pc}

.Lnot_positive: /* with ReLU only a positive bias can save it */
  beq .Lbias_alone
  rsbs r2,r2,#0
  movs r3,#1
  lsls r3,r3,#31
  ldr r0,[sp,#RELU]
  cmp r0,#0
  beq .Lmagnitude
  asrs r0,r1,#16
  bgt .Lmagnitude
.Lzero:
  movs r5,#0
  b .Lstore
.Lbelow_zero:
  ldr r0,[sp,#RELU]
  cmp r0,#0
  beq .Lstore
  b .Lzero
.Lbias_alone:
  lsls r5,r1,#1
  lsrs r5,r5,#17
  beq .Lstore
  lsls r5,r5,#13
  movs r0,#0x38
  lsls r0,r0,#24
  adds r5,r5,r0
  lsrs r0,r1,#31
  lsls r0,r0,#31
  orrs r5,r5,r0
  bmi .Lbelow_zero
  b .Lstore

.Llong: /* 24 bits, r2 and r3 of 12, by 11 and 11 */
  lsls r3,r2,#24
  bne .Lshorten
.Lshortened:
  lsrs r5,r2,#20
  lsls r2,r2,#12
  lsrs r2,r2,#20
  movs r3,r2
  muls r3,r0,r3
  muls r0,r5,r0
  muls r2,r6,r2
  muls r5,r6,r5
  lsls r0,r0,#1
  adds r0,r0,r2
  lsrs r2,r3,#11
  adds r0,r0,r2
  lsrs r2,r0,#12
  adds r5,r5,r2
  lsls r5,r5,#8
  lsls r0,r0,#20
  lsrs r2,r0,#24
  orrs r5,r5,r2
  lsls r0,r0,#8
  lsls r3,r3,#21
  orrs r0,r0,r3
  b .Lproduct
.Lshorten: /* to 24 bits, ties to even */
  lsrs r3,r2,#9
  movs r3,#0x7f
  adcs r2,r2,r3
  bcc .Lshortened
  movs r2,#1
  lsls r2,r2,#31
  subs r4,r4,#1
  b .Lshortened

.Lbias_larger:
  subs r4,r4,r2
  rsbs r2,r2,#0
  SHIFT_DOWN r5,r2,r3
  b .Laligned
.Lfar:
  SHIFT_DOWN r0,r2,r3
  b .Laligned
.Lsubtract:
  subs r5,r5,r0
  beq .Lzero
  bpl .Lsum
  rsbs r5,r5,#0
  movs r0,#1
  lsls r0,r0,#31
  mov r2,r12
  eors r2,r2,r0
  mov r12,r2
  b .Lsum
.Lcarry:
  movs r2,#1
  SHIFT_DOWN r5,r2,r3
  adds r4,r4,#1
  b .Lround
.Lcancelled:
  movs r5,r0
  subs r4,r4,#1
  lsls r0,r5,#1
  bpl .Lcancelled
  b .Lround
END_FUNCTION dynq_soft_outputs
#endif
