import Foundation

/// The beginning of some bytes, fit for an error message: one line, bounded, no control characters.
struct Excerpt: CustomStringConvertible {
    let description: String

    init(of data: some DataProtocol, limit: Int = 120) {
        let head = String(decoding: data.prefix(limit), as: UTF8.self)
        let line = String(
            String.UnicodeScalarView(head.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
        description = data.isEmpty ? "(empty)" : "“\(line)\(data.count > limit ? "…" : "")”"
    }
}
