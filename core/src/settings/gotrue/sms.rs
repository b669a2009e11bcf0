//! Text messages (5.4).

use super::*;

/// The text of a message where no other is set.
pub(super) const TEMPLATE: &str = "Your code is {{ .Code }}";

pub(super) const SETTINGS: &[Setting] = &[
    flag(
        "sms_autoconfirm",
        "SMS_AUTOCONFIRM",
        false,
        "Whether new phone numbers count as confirmed.",
    ),
    duration(
        "sms_max_frequency",
        "SMS_MAX_FREQUENCY",
        "1m",
        0.0,
        "How long after one message another can be sent to a user.",
    ),
    integer(
        "sms_otp_exp",
        "SMS_OTP_EXP",
        60,
        (1, 31_557_600),
        "Life of a code that was sent by text message.",
    )
    .in_unit("s"),
    integer(
        "sms_otp_length",
        "SMS_OTP_LENGTH",
        6,
        (6, 10),
        "How many digits the codes in text messages have.",
    ),
    text(
        "sms_provider",
        "SMS_PROVIDER",
        "Who sends text messages, unless a hook does.",
    )
    .one_of(&[
        "twilio",
        "twilio_verify",
        "messagebird",
        "textlocal",
        "vonage",
    ]),
    text(
        "sms_template",
        "SMS_TEMPLATE",
        "The text message that brings a code, as a Go template.",
    )
    .defaulting(Literal::Text(TEMPLATE))
    .checked(check::sms_template),
    secret(
        "sms_test_otp",
        "SMS_TEST_OTP",
        "Codes that hold for numbers without being sent, as phone:code pairs with commas between.",
    )
    .checked(check::test_otp),
    text(
        "sms_test_otp_valid_until",
        "SMS_TEST_OTP_VALID_UNTIL",
        "Until when they hold.",
    )
    .checked(check::moment),
    text(
        "sms_twilio_account_sid",
        "SMS_TWILIO_ACCOUNT_SID",
        "The account at Twilio.",
    ),
    secret(
        "sms_twilio_auth_token",
        "SMS_TWILIO_AUTH_TOKEN",
        "The secret of the account at Twilio.",
    ),
    text(
        "sms_twilio_message_service_sid",
        "SMS_TWILIO_MESSAGE_SERVICE_SID",
        "The messaging service at Twilio, or the number to send from.",
    ),
    text(
        "sms_twilio_content_sid",
        "SMS_TWILIO_CONTENT_SID",
        "The content template at Twilio for WhatsApp.",
    ),
    text(
        "sms_twilio_verify_account_sid",
        "SMS_TWILIO_VERIFY_ACCOUNT_SID",
        "The account at Twilio Verify.",
    ),
    secret(
        "sms_twilio_verify_auth_token",
        "SMS_TWILIO_VERIFY_AUTH_TOKEN",
        "The secret of the account at Twilio Verify.",
    ),
    text(
        "sms_twilio_verify_message_service_sid",
        "SMS_TWILIO_VERIFY_MESSAGE_SERVICE_SID",
        "The service at Twilio Verify.",
    ),
    secret(
        "sms_messagebird_access_key",
        "SMS_MESSAGEBIRD_ACCESS_KEY",
        "The secret of the account at MessageBird.",
    ),
    text(
        "sms_messagebird_originator",
        "SMS_MESSAGEBIRD_ORIGINATOR",
        "Whom messages through MessageBird are from.",
    ),
    secret(
        "sms_textlocal_api_key",
        "SMS_TEXTLOCAL_API_KEY",
        "The secret of the account at Textlocal.",
    ),
    text(
        "sms_textlocal_sender",
        "SMS_TEXTLOCAL_SENDER",
        "Whom messages through Textlocal are from.",
    ),
    text(
        "sms_vonage_api_key",
        "SMS_VONAGE_API_KEY",
        "The account at Vonage.",
    ),
    secret(
        "sms_vonage_api_secret",
        "SMS_VONAGE_API_SECRET",
        "The secret of the account at Vonage.",
    ),
    text(
        "sms_vonage_from",
        "SMS_VONAGE_FROM",
        "Whom messages through Vonage are from.",
    ),
];
