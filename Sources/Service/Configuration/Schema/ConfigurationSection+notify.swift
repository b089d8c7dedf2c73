extension ConfigurationSection {
    static let notify = ConfigurationSection(
        "notify",
        [
            ConfigurationKey(
                "email", "mapping", default: ConfigurationKey.none, "Mail by SMTP.",
                example: "{ smtp: \"mail:587\", from: ck@example.org, to: [ops@example.org] }"),
            ConfigurationKey(
                "webhook", "mapping", default: ConfigurationKey.none, "JSON in Alertmanager's form, posted to a URL.",
                example: "{ url_file: /etc/couchkeep/webhook-url }"),
            ConfigurationKey(
                "command", "mapping", default: ConfigurationKey.none,
                "A program that is given the message as JSON on its standard input.",
                example: "{ argv: [/usr/local/bin/page] }"),
            ConfigurationKey(
                "heartbeat", "mapping", default: ConfigurationKey.none,
                "A URL that is asked for as long as all is well, so that silence is noticed.",
                example: "{ url_file: /etc/couchkeep/heartbeat-url }"),
            ConfigurationKey(
                "remind_after", "duration", default: "1d", "When to say again what is still wrong.", example: "4h"),
        ])

    static let email = ConfigurationSection(
        "notify.email",
        [
            ConfigurationKey(
                "smtp", "host:port", default: ConfigurationKey.required, "The mail server.",
                example: "smtp.example.org:587"),
            ConfigurationKey(
                "tls", "starttls, implicit or none", default: "implicit on port 465, starttls on others",
                "How the connection is encrypted. Nothing is sent where the server doesn't offer it.",
                example: "implicit"),
            ConfigurationKey(
                "user", "text", default: ConfigurationKey.none, "The account at the mail server.", example: "couchkeep"),
        ]
            + ConfigurationKey.secret("password", of: "The account's password", example: "relax")
            + [
                ConfigurationKey(
                    "from", "address", default: ConfigurationKey.required, "The sender.",
                    example: "couchkeep@example.org"),
                ConfigurationKey(
                    "to", "list", default: ConfigurationKey.required, "The recipients.", example: "[ops@example.org]"),
                ConfigurationKey(
                    "ca_file", "path", default: "the system's authorities",
                    "PEM file of the authorities to trust for the mail server's certificate.",
                    example: "/etc/couchkeep/ca.pem"),
            ])

    static let webhook = ConfigurationSection(
        "notify.webhook",
        ConfigurationKey.secret(
            "url", of: "Where to post (a secret, since such URLs hold a key; one of the four is required)",
            example: "https://hooks.example.org/T024/xoxb") + [
                ConfigurationKey(
                    "headers", "mapping", default: "{}", "Headers to send, each a text or one of the keys below.",
                    example: "{ Authorization: { file: /etc/couchkeep/webhook-token } }"),
                ConfigurationKey.webAuthorities,
            ])

    static let header = ConfigurationSection(
        "notify.webhook.headers.NAME",
        [
            ConfigurationKey(
                "file", "path", default: ConfigurationKey.none, "A file that holds the header's value.",
                example: "/etc/couchkeep/webhook-token"),
            ConfigurationKey(
                "env", "text", default: ConfigurationKey.none, "An environment variable that holds it.",
                example: "WEBHOOK_TOKEN"),
            ConfigurationKey(
                "command", "list", default: ConfigurationKey.none, "A program, with its arguments, that prints it.",
                example: "[pass, show, webhook]"),
        ])

    static let command = ConfigurationSection(
        "notify.command",
        [
            ConfigurationKey(
                "argv", "list", default: ConfigurationKey.required,
                "The program, then its arguments. No shell is used.",
                example: "[/usr/local/bin/page, --team, db]"),
            ConfigurationKey(
                "timeout", "duration", default: "30s", "How long it may run.", example: "10s"),
        ])

    static let heartbeat = ConfigurationSection(
        "notify.heartbeat",
        ConfigurationKey.secret(
            "url", of: "What to ask for (a secret, since such URLs hold a key; one of the four is required)",
            example: "https://hc.example.org/ping/0b1f") + [
                ConfigurationKey(
                    "every", "duration", default: "5m", "How often, at most.", example: "15m"),
                ConfigurationKey.webAuthorities,
            ])
}

extension ConfigurationKey {
    fileprivate static let webAuthorities = ConfigurationKey(
        "ca_file", "path", default: "the system's authorities",
        "PEM file of the authorities to trust for the certificate of that server.", example: "/etc/couchkeep/ca.pem")
}
