# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = رقمك
slip-people-ahead =
    { $count ->
        [zero] لا أحد قبلك
        [one] شخص واحد قبلك
        [two] شخصان قبلك
        [few] { $count } أشخاص قبلك
        [many] { $count } شخصًا قبلك
       *[other] { $count } شخص قبلك
    }
slip-wait = الانتظار: { $wait }
slip-issued = { $date } الساعة { $time }
slip-where = سيظهر رقمك على الشاشة.
slip-follow = تابع دورك على هاتفك
slip-test-title = اختبار الطباعة
slip-test-frame = يجب أن تظهر حواف الإطار الأربع.
slip-copy-number = نسخة { $number }
