import Foundation

/// A call of the file system that failed.
struct POSIXFailure: Error, CustomStringConvertible {
    let number: Int32
    let call: String

    /// Takes the number of the call that has just failed.
    init(_ call: String) {
        number = errno
        self.call = call
    }

    var description: String { "\(call): \(String(cString: strerror(number)))" }
}
