import CCurl
import Foundation
import Synchronization

/// Raised by the task that waits, read by the thread that works.
final class CancellationFlag: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }
}

/// What libcurl's callbacks work on.
///
/// It lives and dies on the thread of one transfer.
final class SMTPTransferState {
    let mail: [UInt8]
    private let cancelled: CancellationFlag
    private var position = 0
    private(set) var transcript = SMTPTranscript()
    /// The beginning of a reply whose end has not come yet.
    private var partialReply = ""

    init(mail: [UInt8], cancelled: CancellationFlag) {
        self.mail = mail
        self.cancelled = cancelled
    }

    static let read: curl_read_callback = { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        let state = Unmanaged<SMTPTransferState>.fromOpaque(context).takeUnretainedValue()
        let bytes = state.mail[state.position...].prefix(size * count)
        UnsafeMutableRawPointer(buffer).copyMemory(from: Array(bytes), byteCount: bytes.count)
        state.position += bytes.count
        return bytes.count
    }

    static let progress: curl_xferinfo_callback = { context, _, _, _, _ in
        guard let context else { return 0 }
        return Unmanaged<SMTPTransferState>.fromOpaque(context).takeUnretainedValue().cancelled.isRaised ? 1 : 0
    }

    static let trace: curl_debug_callback = { _, kind, text, length, context in
        guard let text, let context else { return 0 }
        let state = Unmanaged<SMTPTransferState>.fromOpaque(context).takeUnretainedValue()
        let bytes = UnsafeRawBufferPointer(start: text, count: length)
        switch kind {
        case CURLINFO_HEADER_OUT: state.transcript.sent(String(decoding: bytes, as: UTF8.self))
        case CURLINFO_HEADER_IN: state.receive(String(decoding: bytes, as: UTF8.self))
        default: break
        }
        return 0
    }

    private func receive(_ text: String) {
        partialReply += text
        // CR LF is one character to Swift, so a split at LF would miss it.
        var lines = partialReply.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        // A server that never ends its line can't make this grow.
        partialReply = String((lines.popLast() ?? "").suffix(2000))
        for line in lines { transcript.received(line) }
    }
}
